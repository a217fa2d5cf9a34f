export type { Options } from '../core/options/options.ts'
export { keepStreams } from './keep-streams.ts'
