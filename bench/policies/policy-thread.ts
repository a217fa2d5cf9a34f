import { parentPort, workerData } from 'node:worker_threads'
import { POLICIES_AND_ORACLE } from './policies.ts'
import type { Task } from './run-in-thread.ts'
import { runPolicy } from './run-policy.ts'
import { planWorld } from './world.ts'

// The thread of `runInThread`.

const { name, world, seed, chats: count } = workerData as Task
const found = POLICIES_AND_ORACLE.find((policy) => policy.name === name)
if (!found) throw new Error(`There is no policy ${name}`)
const { chats, outages } = planWorld(world, seed, count)
const { policy: _policy, ...run } = await runPolicy(found, seed, chats, outages)
parentPort?.postMessage(run)
