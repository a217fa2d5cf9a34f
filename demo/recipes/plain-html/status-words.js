/** What a person should read of a status at that moment (`now`, epoch ms); empty where there is nothing to say. */
export function tellStatus(status, now) {
  switch (status.status) {
    case 'request_started': {
      const words = status.reasoning ? 'Thinking' : 'Waiting for the first word'
      const waitedMs = now - status.at
      return waitedMs < 2_000 ? words : `${words} · ${tellWait(waitedMs)}`
    }
    case 'rate_limit_retry':
      return tellRetry(status.reason === 'overloaded' ? 'Overloaded' : 'Busy', status, now)
    case 'network_retry':
      return tellRetry(status.phase === 'worker_lost' ? 'Interrupted' : 'No connection', status, now)
    case 'network_wait':
      return 'You are offline — waiting for the network'
    case 'timeout_retry':
      return tellRetry('No answer yet', status, now)
    case 'server_retry':
      return tellRetry('The service stumbled', status, now)
    case 'rate_limit_wait':
      return status.retryAt > now
        ? `A limit was met — your turn in ${tellWait(status.retryAt - now)}`
        : 'A limit was met — your turn is next'
    case 'first_output':
    case 'stream_flowing':
    case 'stream_attached':
      return 'Answering'
    case 'stream_stalled':
      return `The answer has paused · ${tellWait(now - status.at + status.silentMs)} without a word`
    case 'request_failed': {
      const { title, advice } = tellFailure(status)
      const { retryAt = 0 } = status
      return `${title}. ${advice}${retryAt > now ? ` Possible again in ${tellWait(retryAt - now)}.` : ''}`
    }
    case 'request_cancelled':
      return 'Stopped'
    case 'save_dead':
      return `A message is stuck in the outbox. ${tellUndelivered(status.code)}.`
    case 'save_needs_auth':
      return 'A message waits in the outbox until you sign in.'
    case 'storage_degraded':
      return 'This browser cannot keep unsent messages right now.'
    case 'outbox_restored':
      return 'Unsent messages were found again.'
    case 'request_finished':
    case 'stream_detached':
    case 'save_queued':
    case 'save_sent':
    case 'save_retry':
    case 'worker_waiting':
    case 'worker_updated':
      return ''
  }
}

/** What a screen reader says of a status, once: what makes a person wait, wants them, or is the end. No countdown. */
export function tellAloud(status) {
  switch (status.status) {
    case 'request_started':
    case 'first_output':
    case 'stream_flowing':
    case 'stream_attached':
      return ''
    case 'request_finished':
      return 'The answer is complete'
    default:
      return tellStatus(status, status.at)
  }
}

/** Why there is no complete answer: what happened, and what a person can do about it. */
export function tellFailure({ code, httpStatus }) {
  if (code !== 'upstream_error' || httpStatus === undefined) return FAILURES[code]
  if (httpStatus === 401) return { title: 'The key was not accepted', advice: 'Check it.' }
  return {
    title: `The service refused (error ${httpStatus})`,
    advice:
      httpStatus < 500
        ? 'Something about this request is not accepted.'
        : 'This is not your fault. Trying again often helps.',
  }
}

/** Where a saved message stands on its way. */
export function tellEntry({ state, code, attempts, retryAt }, now) {
  const tried = attempts === 0 ? '' : attempts === 1 ? ' · tried once' : ` · tried ${attempts} times`
  switch (state) {
    case 'dead':
      return tellUndelivered(code) + tried
    case 'needs_auth':
      return 'The server wants you to sign in'
    case 'sending':
      return `Sending now${tried}`
    case 'queued':
    case 'waiting':
      if (retryAt === undefined) return `Waiting for its turn${tried}`
      return retryAt > now ? `Next try in ${tellWait(retryAt - now)}${tried}` : `Next try now${tried}`
  }
}

/** What an outbox says that has no message. */
export function tellEmptyOutbox(state) {
  if (state === 'controlling') return 'Every message has arrived.'
  return 'Unsent messages cannot wait here: this page has no worker.'
}

/** What keeps a saved message from being delivered. */
export function tellUndelivered(code) {
  if (code === 'unsure') return 'We cannot know whether it arrived'
  if (code === 'storage_unavailable') return 'The browser could not keep it'
  return 'The server does not accept it'
}

/** What the server said to a message (`preview`: its status and the beginning of its body): of JSON only the words. */
export function tellPreview(preview) {
  try {
    const { error, message, detail } = JSON.parse(preview.replace(/^\d+ /, ''))
    const nested = error?.message
    const words = [nested, error, message, detail].find((each) => typeof each === 'string')
    return typeof words === 'string' ? words : preview
  } catch {
    return preview // No JSON, or not all of it.
  }
}

/** A wait in words: `7 s`, `4 min 10 s`, `2 h 5 min`. Never less than nothing. */
export function tellWait(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  if (seconds < 90) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 90) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
}

function tellRetry(why, { retryAt, attempt }, now) {
  const when = retryAt > now ? `trying again in ${tellWait(retryAt - now)}` : 'trying again now'
  return `${why} — ${when} · attempt ${attempt}`
}

const CUT = 'The answer was cut off'
const LATE = {
  title: 'No answer in time',
  advice: 'The service took the question but did not begin to answer.',
}
const SILENT = { title: CUT, advice: 'It stopped in the middle and did not go on.' }

/** By code, where no more is known. */
export const FAILURES = {
  headers_timeout: LATE,
  first_output_timeout: LATE,
  total_timeout: LATE,
  transport_idle: SILENT,
  output_idle: SILENT,
  rate_limited: {
    title: 'Too many requests',
    advice: 'The service asked for a longer break than we wait on our own.',
  },
  quota_exhausted: {
    title: 'The quota of this key is used up',
    advice: 'Waiting will not help. Add credit, or use another key.',
  },
  overloaded: { title: 'The service is overloaded', advice: 'We tried several times. Give it a minute.' },
  upstream_error: { title: 'The service had a problem', advice: 'Trying again often helps.' },
  network_error: { title: 'The connection was lost', advice: 'Check your network, and try again.' },
  truncated: { title: CUT, advice: 'The rest of it never arrived.' },
  error_in_stream: { title: CUT, advice: 'The service reported an error before the end.' },
  retry_budget_exhausted: {
    title: 'The service keeps failing',
    advice: 'We stopped trying, to give it room to recover.',
  },
  worker_lost: { title: 'The answer was lost', advice: 'The browser stopped the background helper.' },
  storage_unavailable: { title: 'The message could not be kept', advice: 'The browser refused to store it.' },
  unsure: {
    title: 'The message may not have arrived',
    advice: 'Nobody can say whether the server has it.',
  },
}
