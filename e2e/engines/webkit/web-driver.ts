import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AddressInfo, createServer } from 'node:net'

/** A session of WebKitWebDriver's. [spec] https://w3c.github.io/webdriver/ */
export interface WebDriver {
  /** A command of the session; `path` is what follows the session's own. */
  call: (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) => Promise<unknown>
  /** Commands for one window. A session has one current window, so these take turns. */
  inWindow: <Result>(handle: string, work: () => Promise<Result>) => Promise<Result>
  /** Kills the browser and the driver. */
  kill: () => void
}

/** How long WebDriver may take to start, how often it is asked meanwhile, ms. */
const START_MS = 15_000
const ASK_MS = 30

export async function startWebDriver(binary: string, env: Record<string, string>): Promise<WebDriver> {
  const port = await findFreePort()
  const driver = spawn('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // A process group of its own: the browser's processes go with it.
    detached: true,
    env: { ...process.env, ...env },
  })
  let said = ''
  driver.stderr.on('data', (data) => (said += String(data)))
  const kill = () => {
    process.off('exit', kill)
    try {
      if (driver.pid) process.kill(-driver.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
  process.once('exit', kill)

  const send = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const { value } = (await response.json()) as { value: unknown }
    if (response.ok) return value
    const { error, message } = value as { error: string; message: string }
    throw new WebDriverError(error, message)
  }

  const until = Date.now() + START_MS
  for (;;) {
    try {
      await send('GET', '/status')
      break
    } catch (error) {
      if (Date.now() > until) throw error
      await sleep(ASK_MS)
    }
  }
  let session: string
  try {
    const options = { binary, args: ['--automation'] }
    const begun = await send('POST', '/session', {
      capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } },
    })
    session = `/session/${(begun as { sessionId: string }).sessionId}`
  } catch (error) {
    kill()
    throw new Error(`Cannot start WebKit: ${said}`, { cause: error })
  }

  const call: WebDriver['call'] = (method, path, body) => send(method, session + path, body)
  let turns: Promise<unknown> = Promise.resolve()
  let current: string | undefined
  return {
    call,
    inWindow: (handle, work) => {
      const turn = async () => {
        if (current !== handle) {
          current = undefined
          await call('POST', '/window', { handle })
          current = handle
        }
        return work()
      }
      const done = turns.then(turn)
      turns = done.catch(() => {}) // Its own caller hears of it.
      return done
    },
    kill,
  }
}

/** An error that the driver named. */
export class WebDriverError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(`${code}: ${message}`)
    this.name = 'WebDriverError'
    this.code = code
  }
}

function findFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
