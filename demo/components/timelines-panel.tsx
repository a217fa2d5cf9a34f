import { effect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { RequestTimelines } from '../recipes/timelines/src/request-timelines.ts'
import { timelines } from '../page/timelines.ts'
import { SidePanel } from './side-panel.tsx'

/** Draws the last requests, also those that other tabs sent. */
export function TimelinesPanel() {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const view = new RequestTimelines()
    place.current?.append(view)
    return effect(() => {
      view.timelines = timelines.value
    })
  }, [])
  return (
    <SidePanel title="Timelines" testid="timelines-panel">
      <p class="panel-lead">Attempts, waits and answers of the last requests, as the worker reports them.</p>
      <div ref={place} />
    </SidePanel>
  )
}
