import { Worker } from 'node:worker_threads'
import type { Policy } from './policy.ts'
import type { Run } from './run-policy.ts'
import { type World, WORLDS } from './world.ts'

export interface Task {
  name: string
  seed: number
  chats: number
}

/** The same as `runPolicy`, for one of `POLICIES_AND_ORACLE` in every world, in a thread of its own: the virtual clock is that thread's alone. */
export async function runInThread(policy: Policy, seed: number, chats: number): Promise<Record<World, Run>> {
  const task: Task = { name: policy.name, seed, chats }
  const thread = new Worker(new URL('policy-thread.ts', import.meta.url), { workerData: task })
  const runs = await new Promise<Omit<Run, 'policy'>[]>((resolve, reject) => {
    thread.once('message', resolve)
    thread.once('error', reject)
  })
  // Functions cannot be transferred.
  return Object.fromEntries(WORLDS.map((world, index) => [world, { ...runs[index], policy }])) as Record<
    World,
    Run
  >
}
