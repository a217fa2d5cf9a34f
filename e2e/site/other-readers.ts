import type { Call, CallInit } from './read-call.ts'

/** Reads an answer as `response.text()` does: all of it, or nothing. */
export async function readText(response: Promise<Response>, call: Call): Promise<void> {
  try {
    const answer = await response
    Object.assign(call, { status: answer.status, answeredAt: Date.now(), state: 'open' })
    call.chunks.push({ text: await answer.text(), at: Date.now() })
    call.state = 'whole'
  } catch (error) {
    call.state = 'failed'
    call.error = String(error)
  }
}

/** Sends a request by XMLHttpRequest; `error` is the name of the event that ended it, unless that was `load`. */
export function readByXhr(
  url: string,
  { method = 'POST', headers = {}, body }: CallInit,
  call: Call,
  signal: AbortSignal,
): void {
  const xhr = new XMLHttpRequest()
  let read = 0
  xhr.addEventListener('progress', () => {
    Object.assign(call, { state: 'open', status: xhr.status })
    const text = xhr.responseText.slice(read)
    read += text.length
    if (text) call.chunks.push({ text, at: Date.now() })
  })
  xhr.addEventListener('load', () => (call.state = 'whole'))
  for (const name of ['error', 'abort', 'timeout']) {
    xhr.addEventListener(name, () => Object.assign(call, { state: 'failed', error: name }))
  }
  xhr.open(method, url)
  for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
  xhr.send(body ?? null)
  signal.addEventListener('abort', () => xhr.abort())
}

/** The events of an EventSource, in order. */
export type Heard = { heard: 'message'; data: string } | { heard: 'error'; reconnects: boolean }

/** Listens by EventSource; what it tells comes as items. */
export function readByEventSource(url: string, call: Call): void {
  const source = new EventSource(url)
  const hear = (heard: Heard) => call.items.push(heard)
  source.addEventListener('message', ({ data }: MessageEvent<string>) => hear({ heard: 'message', data }))
  source.addEventListener('error', () =>
    hear({ heard: 'error', reconnects: source.readyState === EventSource.CONNECTING }),
  )
}
