import type { ScriptUrl } from './keeper.ts'

/** Carries the option `scope` in a worker's URL: two workers of one script may be one inside the other's scope. */
export const SCOPE_PARAMETER = 'streamkeeper-scope'

/** By its path a worker's script is known: its query, our options, may change. */
export function pathOf(scriptUrl: ScriptUrl): string {
  return new URL(String(scriptUrl), document.baseURI).pathname
}
