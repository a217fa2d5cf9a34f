import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface RedisServer {
  port: number
  url: string
  /** Ends it without a word. */
  kill: () => Promise<void>
  /** Starts it again on the same port and files. */
  start: () => Promise<void>
  /** Stops or continues the process, as a machine that hangs. */
  freeze: (isFrozen: boolean) => void
  [Symbol.asyncDispose]: () => Promise<void>
}

/** True if the machine has a Redis; where not, tests that need it say so and are skipped. */
export const hasRedis = isInstalled()

/** A Redis of the test's own, on a free port of this machine only. */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  const port = await freePort()
  let child: ChildProcess | undefined

  const start = async () => {
    const options = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      ...settings,
    ]
    child = spawn('redis-server', options, { stdio: 'ignore' })
    const died = once(child, 'exit').then(() => {
      throw new Error('redis-server has ended')
    })
    died.catch(() => {})
    await Promise.race([responses(port), died])
  }

  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  await start()
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    freeze: (isFrozen) => void child?.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function isInstalled(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    console.warn(
      'SKIPPED: tests on Redis, for this machine has no redis-server (apt-get install redis-server)',
    )
    return false
  }
}

/** A cluster of three, each of a third of the slots. */
export async function startRedisCluster(): Promise<RedisServer[]> {
  const busPorts = await Promise.all([freePort(), freePort(), freePort()])
  const nodes = await Promise.all(
    busPorts.map((busPort) =>
      startRedis(
        '--cluster-enabled',
        'yes',
        '--cluster-port',
        String(busPort),
        '--cluster-node-timeout',
        '5000',
      ),
    ),
  )
  const cli = ({ port }: RedisServer, ...args: string[]) =>
    execFileSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8' })
  for (const [index, node] of nodes.entries()) {
    const from = Math.floor((index * 16_384) / 3)
    const to = Math.floor(((index + 1) * 16_384) / 3) - 1
    cli(node, 'CLUSTER', 'ADDSLOTSRANGE', String(from), String(to))
    for (const [other, { port }] of nodes.entries())
      cli(node, 'CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPorts[other]))
  }
  const isReady = (node: RedisServer) =>
    cli(node, 'CLUSTER', 'INFO').includes('cluster_state:ok') &&
    cli(node, 'CLUSTER', 'INFO').includes('cluster_known_nodes:3')
  while (!nodes.every(isReady)) await new Promise((resolve) => setTimeout(resolve, 50))
  return nodes
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

/** Resolves as soon as it answers a PING. */
async function responses(port: number): Promise<void> {
  for (;;) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('connect', () => socket.write('PING\r\n'))
      socket.on('data', (data) => {
        socket.destroy()
        resolve(String(data).startsWith('+PONG'))
      })
      socket.on('error', () => resolve(false))
    })
    if (isUp) return
  }
}
