import type { ScriptUrl } from './keeper.ts'

/** Carries the scope in a worker's URL: of two workers with one script, one's scope may contain the other's. */
export const SCOPE_PARAMETER = 'streamkeeper-scope'

/** The path identifies a worker's script: its query, our options, may change. */
export function pathOf(scriptUrl: ScriptUrl): string {
  return new URL(String(scriptUrl), document.baseURI).pathname
}

/** The path of the option `scope`; `null` if it is the script's folder, as by default. */
export function ownScope(scriptUrl: ScriptUrl, scope: string | undefined): string | null {
  const path = scope === undefined ? '' : pathOf(scope)
  return path && path !== pathOf(scriptUrl).replace(/[^/]*$/, '') ? path : null
}
