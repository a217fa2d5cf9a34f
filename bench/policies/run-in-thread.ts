import { Worker } from 'node:worker_threads'
import type { Policy } from './policy.ts'
import type { Run } from './run-policy.ts'
import type { World } from './world.ts'

export interface Task {
  name: string
  world: World
  seed: number
  chats: number
}

/** The same as `runPolicy`, for one of `POLICIES`, in a thread of its own: the virtual clock is that thread's alone. */
export async function runInThread(policy: Policy, world: World, seed: number, chats: number): Promise<Run> {
  const task: Task = { name: policy.name, world, seed, chats }
  const thread = new Worker(new URL('policy-thread.ts', import.meta.url), { workerData: task })
  const run = await new Promise<Omit<Run, 'policy'>>((resolve, reject) => {
    thread.once('message', resolve)
    thread.once('error', reject)
  })
  // What functions it has does not travel.
  return { ...run, policy }
}
