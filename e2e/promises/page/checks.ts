import type { Check } from './check.ts'
import { CUTS } from './checks/cuts.ts'
import { RETRIES } from './checks/retries.ts'
import { SAVES } from './checks/saves.ts'
import { STOPS } from './checks/stops.ts'
import { UNTOUCHED } from './checks/untouched.ts'
import { VERSIONS } from './checks/versions.ts'

/**
 * All promises, in the order in which they are tested. The worker is replaced before any check can leave a request behind
 * that its worker does not end.
 */
export const CHECKS: readonly Check[] = [...UNTOUCHED, ...VERSIONS, ...STOPS, ...RETRIES, ...CUTS, ...SAVES]
