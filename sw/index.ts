export type { Options } from '../core/options/options.ts'
export { chatHandler, keepStreams } from './keep-streams.ts'
export { whenIdle } from './lifecycle/take-over.ts'
