import { aiSdkPolicy } from './policy-ai-sdk.ts'
import { openaiPolicy } from './policy-openai.ts'
import { repairPolicy } from './policy-repair.ts'
import { startPolicy } from './policy-start.ts'
import { streamkeeperPolicy } from './policy-streamkeeper.ts'
import type { Policy } from './policy.ts'

/** In the order in which they are told. */
export const POLICIES: readonly Policy[] = [
  startPolicy,
  repairPolicy,
  openaiPolicy,
  aiSdkPolicy,
  streamkeeperPolicy,
]
