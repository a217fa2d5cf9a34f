export { ChatError } from './chat-error.ts'
export { createKeeper } from './create-keeper.ts'
export type {
  AuthProvider,
  AuthQuestion,
  Keeper,
  KeeperReason,
  KeeperState,
  ListenerOptions,
  OpenRequest,
  ScriptUrl,
  Snapshot,
  StatusOf,
} from './keeper.ts'
export { register } from './register.ts'
export { streamChat, type StreamChatOptions } from './stream-chat.ts'
export { workerUrl } from './script-url.ts'
export type {
  ChatRouteOptions,
  KeySource,
  Options,
  OutboxOptions,
  ReasoningOptions,
  ResumeOptions,
  SaveRouteOptions,
} from '../core/options/options.ts'
export type { Failure, FailureCode } from '../core/messages/failure.ts'
export type { OutboxCounts, OutboxEntry, StreamInfo } from '../core/messages/message.ts'
export {
  isStatus,
  type RequestStatus,
  type SaveStatus,
  type Status,
  type StatusName,
  type Usage,
} from '../core/messages/status.ts'
