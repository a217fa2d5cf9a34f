import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** A server that says one word and then nothing, or nothing at all; read while the garbage is collected all the time. */
const PROGRAM = `
  import { createServer } from 'node:http'
  import { createResilientFetch } from ${JSON.stringify(new URL('./create-resilient-fetch.ts', import.meta.url).href)}
  const by = process.argv.at(-1)
  const server = createServer((_request, response) => {
    response.on('close', () => console.log('closed'))
    if (by === 'headers') return
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: hi\\n\\n')
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = 'http://127.0.0.1:' + server.address().port
  const collecting = setInterval(gc, 50)
  const timeouts = { headersMs: 1_000, totalMs: 1_500, transportIdleMs: 1_000 }
  const send = createResilientFetch({ timeouts, retry: { maxAttempts: 1 } })
  const stop = new AbortController()
  if (by === 'stop') setTimeout(() => stop.abort(), 500)
  await send(url, { method: 'POST', body: '{}', signal: stop.signal })
    .then((response) => response.text())
    .catch(() => console.log('ended'))
  clearInterval(collecting)
  server.close()
`

// Node lets a Request follow its signal only as long as somebody holds it.
test.each(['headers', 'silence', 'stop'])(
  'the limit or the Stop of a request (%s) ends it and its upstream, also after the garbage was collected',
  async (by) => {
    const options = ['--expose-gc', '--input-type=module', '--eval', PROGRAM, '--', by]
    const { stdout } = await promisify(execFile)(process.execPath, options, { timeout: 15_000 })
    expect(stdout.split('\n').filter(Boolean).toSorted()).toEqual(['closed', 'ended'])
  },
  20_000,
)
