import { effect, signal } from '@preact/signals'
import type { Status } from '../../client/index.ts'
import { keeper } from './keeper.ts'
import { nextTimelines, type Timeline } from '../recipes/timelines/src/timelines.ts'

/** The timelines of this browser's last requests, recorded also while they are not shown. */
export const timelines = signal<readonly Timeline[]>([])

export function followTimelines(): void {
  const hear = (status: Status) => {
    timelines.value = nextTimelines(timelines.peek(), status)
  }
  effect(() => {
    if (!keeper.value) return undefined
    // Requests that were already under way when this page opened.
    for (const { status } of keeper.value.getSnapshot().requests) hear(status)
    return keeper.value.on('*', hear)
  })
}
