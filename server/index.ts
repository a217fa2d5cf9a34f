export { createStreams, type Streams, type StreamsOptions } from './create-streams.ts'
export type { StartOptions } from './runs.ts'
export { memoryStore } from './stores/memory-store.ts'
export type { NewStream, StoredStream, StreamChange, StreamStore } from './stores/store.ts'
