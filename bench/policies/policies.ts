import { aiSdkPolicy } from './policy-ai-sdk.ts'
import { oraclePolicy } from './policy-oracle.ts'
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

/** The policies, and what none of them can be better than. */
export const POLICIES_AND_ORACLE: readonly Policy[] = [...POLICIES, oraclePolicy]
