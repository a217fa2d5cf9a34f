import type { Path } from '../paths.ts'
import { tellCount } from '../report.ts'
import { SAVES } from './messages.ts'
import { MINIMAL_WORKER } from './minimal-worker.ts'

const OURS = { options: { chat: ['/v1/chat/completions'], saves: [SAVES] } }

/** The ways of a saved message; the first is what the others are compared with. */
export function savePaths(workbox: string, queued: number) {
  return {
    none: { name: 'none', title: 'no worker', worker: null },
    workbox: { name: 'workbox', title: 'workbox-background-sync', worker: { source: workbox } },
    minimal: {
      name: 'minimal',
      title: 'a worker that only stores both copies',
      worker: { source: MINIMAL_WORKER },
    },
    keeper: { name: 'keeper', title: 'streamkeeper', worker: OURS },
    full: { name: 'full', title: `streamkeeper, ${tellCount(queued)} queued, API down`, worker: OURS },
  } satisfies Record<string, Path>
}
