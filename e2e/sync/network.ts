import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

/** A machine of its own, as far as a browser can see, with one cable to us. */
export interface Network {
  /** Starts the browser there. */
  executablePath: string
  pullCable: () => Promise<void>
  plugCable: () => Promise<void>
  remove: () => Promise<void>
}

const run = promisify(execFile)
const ip = async (...args: string[]) => void (await run('ip', args))

/** Why there can be no such network here; `undefined` where there can. */
export async function whyNoNetwork(): Promise<string | undefined> {
  const name = `streamkeeper-try-${process.pid}`
  try {
    await ip('netns', 'add', name)
    await ip('netns', 'delete', name)
    return undefined
  } catch (error) {
    return `network namespaces are not to be had: ${error instanceof Error ? error.message.trim() : String(error)}`
  }
}

/** @param port where the server listens, here and there, on 127.0.0.1. What is sent to it there crosses the cable. */
export async function createNetwork(browser: string, port: number): Promise<Network> {
  const name = `streamkeeper-${process.pid}`
  const [here, there] = [`sk${process.pid}a`, `sk${process.pid}b`]
  // Of a block that is meant for tests between networks, and for nothing else.
  const [ours, theirs] = ['198.18.77.1', '198.18.77.2']
  const folder = await mkdtemp(join(tmpdir(), 'streamkeeper-network-'))
  const undo = [() => rm(folder, { recursive: true, force: true })]
  const remove = async () => {
    for (const step of undo.splice(0).toReversed()) await step()
  }

  try {
    await ip('netns', 'add', name)
    undo.push(() => ip('netns', 'delete', name))
    await ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name)
    undo.push(() => ip('link', 'delete', here))
    await ip('address', 'add', `${ours}/30`, 'dev', here)
    await ip('link', 'set', here, 'up')
    await ip('-netns', name, 'address', 'add', `${theirs}/30`, 'dev', there)
    await ip('-netns', name, 'link', 'set', there, 'up')
    await ip('-netns', name, 'link', 'set', 'lo', 'up')
    await ip('-netns', name, 'route', 'add', 'default', 'via', ours)

    const socket = createServer((incoming) => {
      const outgoing = connect(port, '127.0.0.1')
      incoming.pipe(outgoing).pipe(incoming)
      incoming.on('error', () => outgoing.destroy())
      outgoing.on('error', () => incoming.destroy())
    })
    socket.listen(port, ours)
    await once(socket, 'listening')
    undo.push(async () => void socket.close())

    const forwarder = ['netns', 'exec', name, process.execPath, resolve(import.meta.dirname, 'forward.ts')]
    const child = spawn('ip', [...forwarder, String(port), ours], { stdio: ['ignore', 'pipe', 'inherit'] })
    undo.push(async () => void child.kill())
    await once(createInterface(child.stdout), 'line')

    const executablePath = join(folder, 'browser')
    await writeFile(executablePath, `#!/bin/sh\nexec ip netns exec ${name} '${browser}' "$@"\n`)
    await chmod(executablePath, 0o755)
    return {
      executablePath,
      pullCable: () => ip('link', 'set', here, 'down'),
      plugCable: () => ip('link', 'set', here, 'up'),
      remove,
    }
  } catch (error) {
    await remove()
    throw error
  }
}
