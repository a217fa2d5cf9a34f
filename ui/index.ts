export { describeEmptyOutbox, describeEntry, describePreview } from './describe-entry.ts'
export { describeFailure } from './describe-failure.ts'
export { describeForScreenReader, describeStatus } from './describe-status.ts'
export {
  createOutboxStore,
  type OutboxItem,
  type OutboxStore,
  type OutboxStoreOptions,
} from './outbox-store.ts'
export { type DescribeOptions, ENGLISH, type FailureWords, type PartialWords, type Words } from './words.ts'
