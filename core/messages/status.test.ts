import { describe, expect, test } from 'vitest'
import { isStatus, type StatusName } from './status.ts'

const NAMES: Record<StatusName, true> = {
  request_started: true,
  rate_limit_retry: true,
  rate_limit_wait: true,
  network_wait: true,
  network_retry: true,
  timeout_retry: true,
  server_retry: true,
  first_output: true,
  stream_stalled: true,
  stream_flowing: true,
  stream_resuming: true,
  stream_resumed: true,
  stream_detached: true,
  stream_attached: true,
  request_finished: true,
  request_failed: true,
  request_cancelled: true,
  save_queued: true,
  save_sent: true,
  save_retry: true,
  save_dead: true,
  save_needs_auth: true,
  storage_degraded: true,
  outbox_restored: true,
  worker_waiting: true,
  worker_updated: true,
}

test.each(Object.keys(NAMES))('isStatus() takes %s', (status) => {
  expect(isStatus({ status, at: 1, own: true, requestId: 'r' })).toBe(true)
  expect(isStatus({ status, at: 1, own: false })).toBe(true)
})

describe('isStatus() refuses', () => {
  test.each([
    [null],
    [undefined],
    ['first_output'],
    [42],
    [[]],
    [{}],
    [{ status: 'completed', at: 1, own: true }],
    [{ status: 'toString', at: 1, own: true }],
    [{ status: 200, at: 1, own: true }],
    [{ status: 'first_output' }],
    [{ status: 'first_output', at: 1 }],
    [{ status: 'first_output', own: true }],
    [{ status: 'first_output', at: '1', own: true }],
    [{ status: 'first_output', at: 1, own: 'yes' }],
    [{ choices: [], status: 'in_progress' }],
  ])('%j', (value) => {
    expect(isStatus(value)).toBe(false)
  })
})
