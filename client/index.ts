export type {
  AuthProvider,
  AuthQuestion,
  Keeper,
  KeeperReason,
  KeeperState,
  ListenerOptions,
  OpenRequest,
  Snapshot,
  StatusFor,
} from './keeper.ts'
export type {
  ChatRouteOptions,
  KeySource,
  Options,
  OutboxOptions,
  ReasoningOptions,
  SaveRouteOptions,
} from '../core/options/options.ts'
export type { Failure, FailureCode } from '../core/protocol/failure.ts'
export type { OutboxCounts, OutboxEntry } from '../core/protocol/message.ts'
export {
  isStatus,
  type RequestStatus,
  type SaveStatus,
  type Status,
  type StatusName,
  type Usage,
} from '../core/protocol/status.ts'
