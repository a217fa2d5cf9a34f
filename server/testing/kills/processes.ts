import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DONE, FINISH, ROLE, say } from '../../../core/testing/openai-events.ts'

export interface AppServer {
  url: string
  /** Ends it as `kill -9` does. */
  kill: () => Promise<void>
  freeze: (isFrozen: boolean) => void
}

/** Starts an app's server in a process of its own. */
export async function startApp(store: string, upstream: string, speed: number): Promise<AppServer> {
  const script = fileURLToPath(new URL('app-server.ts', import.meta.url))
  const env = { ...process.env, STORE: store, UPSTREAM: upstream, SPEED: String(speed) }
  const child: ChildProcess = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  if (!child.stdout) throw new Error('No output')
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
  return {
    url,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    freeze: (isFrozen) => void child.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT'),
  }
}

export interface Provider {
  url: string
  /** How many requests a response has had, by its name. */
  requests: (reply: string) => number
  /** How many of them are open. */
  open: (reply: string) => number
  close: () => void
}

/**
 * A provider that says a word every few milliseconds, a number of times.
 *
 * @param holdAt after so many words a response of that name goes on no further, but stays open
 */
export async function startProvider(
  words: number,
  everyMs: number,
  holdAt: (reply: string) => number = () => Infinity,
): Promise<Provider> {
  const counts = new Map<string, number>()
  const opened = new Map<string, number>()
  const add = (to: Map<string, number>, reply: string, by: number) => to.set(reply, (to.get(reply) ?? 0) + by)
  const server = createServer((request, response) => {
    const reply = new URL(request.url ?? '/', 'http://a').searchParams.get('answer') ?? ''
    add(counts, reply, 1)
    add(opened, reply, 1)
    response.on('close', () => add(opened, reply, -1))
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(ROLE)
    void (async () => {
      for (let word = 0; word < words && !response.destroyed; word++) {
        if (word >= holdAt(reply)) return
        response.write(say(` ${reply}-${word}`))
        await sleep(everyMs)
      }
      response.end(FINISH + DONE)
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/v1/chat/completions`,
    requests: (reply) => counts.get(reply) ?? 0,
    open: (reply) => opened.get(reply) ?? 0,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The whole response, as the provider says it. */
export function wholeResponse(reply: string, words: number): string {
  return ROLE + Array.from({ length: words }, (_, word) => say(` ${reply}-${word}`)).join('') + FINISH + DONE
}
