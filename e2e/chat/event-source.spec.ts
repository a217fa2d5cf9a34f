import type { AnyCall, App } from '../support/app.ts'
import type { Ending, ScriptedProvider } from '../support/scripted-provider.ts'
import type { Heard } from '../site/other-readers.ts'
import { expect, test } from '../support/test.ts'

const STREAMS = [
  ['no known protocol', '{"note":"one"}'],
  ['a known protocol', '{"choices":[{"delta":{"content":"one"}}]}'],
] as const
const ENDINGS: [how: Ending, words: string][] = [
  ['end', 'ends cleanly'],
  ['reset', 'is reset'],
]

// Where it left off it does not say: Chromium sends no Last-Event-ID for an EventSource that a worker answers.
for (const [protocol, data] of STREAMS) {
  for (const [how, words] of ENDINGS) {
    test(`an EventSource whose stream of ${protocol} ${words} comes back, and hears nothing of ours`, ({
      app,
      provider,
    }) => mustComeBack(app, provider, data, how, 2))
  }
}

test('an EventSource that is cut again and again comes back every time', ({ app, provider }) =>
  mustComeBack(app, provider, STREAMS[1][1], 'end', 5))

/** Cuts a stream so many times, each after one message. */
async function mustComeBack(
  app: App,
  provider: ScriptedProvider,
  data: string,
  how: Ending,
  times: number,
): Promise<void> {
  const url = `${provider.url}/v1/feed`
  await app.start({ chat: [{ url, method: 'GET', stream: true }] })
  const call = await app.call(url, {}, 'eventSource')
  const heard: Heard[] = []
  for (let time = 1; time <= times; time++) {
    const answer = await provider.asked()
    expect([answer.method, answer.headers.accept]).toEqual(['GET', 'text/event-stream'])
    answer.begin({ 'content-type': 'text/event-stream' })
    answer.say(`retry: 10\ndata: ${data}\n\n`)
    heard.push({ heard: 'message', data })
    await hears(call, heard)
    await answer.end(how)
    heard.push({ heard: 'error', reconnects: true })
    await hears(call, heard)
  }
}

async function hears(call: AnyCall, heard: Heard[]): Promise<void> {
  await expect.poll(async () => (await call.now()).items).toEqual(heard)
}
