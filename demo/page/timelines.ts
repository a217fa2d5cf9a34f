import { effect, signal } from '@preact/signals'
import type { Status } from '../../client/index.ts'
import { keeper } from './keeper.ts'
import { nextTimelines, type Timeline } from '../recipes/timelines/src/timelines.ts'

/** What became of the last requests of this browser, also while nobody looks at them. */
export const timelines = signal<readonly Timeline[]>([])

export function followTimelines(): void {
  const hear = (status: Status) => {
    timelines.value = nextTimelines(timelines.peek(), status)
  }
  effect(() => {
    if (!keeper.value) return undefined
    // What was under way already when this page came.
    for (const { status } of keeper.value.getSnapshot().requests) hear(status)
    return keeper.value.on('*', hear)
  })
}
