import { parentPort, workerData } from 'node:worker_threads'
import { planChats } from './chats.ts'
import { planOutages } from './outages.ts'
import { POLICIES } from './policies.ts'
import type { Task } from './run-in-thread.ts'
import { runPolicy } from './run-policy.ts'

// The thread of `runInThread`.

const { name, seed, chats } = workerData as Task
const found = POLICIES.find((policy) => policy.name === name)
if (!found) throw new Error(`There is no policy ${name}`)
const { policy: _policy, ...run } = await runPolicy(found, seed, planChats(seed, chats), planOutages(seed))
parentPort?.postMessage(run)
