import type { ScriptUrl } from './keeper.ts'

/** Carries the scope in a worker's URL: two workers of one script may be one inside the other's scope. */
export const SCOPE_PARAMETER = 'streamkeeper-scope'

/** By its path a worker's script is known: its query, our options, may change. */
export function pathOf(scriptUrl: ScriptUrl): string {
  return new URL(String(scriptUrl), document.baseURI).pathname
}

/** The path of the option `scope`; `null` if it is the script's folder, as by default. */
export function ownScope(scriptUrl: ScriptUrl, scope: string | undefined): string | null {
  const path = scope === undefined ? '' : pathOf(scope)
  return path && path !== pathOf(scriptUrl).replace(/[^/]*$/, '') ? path : null
}
