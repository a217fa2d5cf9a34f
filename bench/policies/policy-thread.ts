import { parentPort, workerData } from 'node:worker_threads'
import { POLICIES_AND_ORACLE } from './policies.ts'
import type { Task } from './run-in-thread.ts'
import { type Run, runPolicy } from './run-policy.ts'
import { planWorld, WORLDS } from './world.ts'

// The thread of `runInThread`.

const { name, seed, chats: count } = workerData as Task
const found = POLICIES_AND_ORACLE.find((policy) => policy.name === name)
if (!found) throw new Error(`There is no policy ${name}`)
const runs: Omit<Run, 'policy'>[] = []
for (const world of WORLDS) {
  const { chats, outages } = planWorld(world, seed, count)
  const { policy: _policy, ...run } = await runPolicy(found, seed, chats, outages)
  runs.push(run)
}
parentPort?.postMessage(runs)
