import type { ScriptUrl } from './keeper.ts'

/** Names the scope in the URL of a script that serves more than its folder: two workers may be of one script. */
export const SCOPE_PARAMETER = 'streamkeeper-scope'

/** By its path a worker's script is known: its query, our options, may change. */
export function pathOf(scriptUrl: ScriptUrl): string {
  return new URL(String(scriptUrl), document.baseURI).pathname
}

/** The path of a scope; `null` if it is the script's folder. */
export function ownScope(scriptUrl: ScriptUrl, scope: string | undefined): string | null {
  if (scope === undefined) return null
  const path = pathOf(scope)
  return path === pathOf(scriptUrl).replace(/[^/]*$/, '') ? null : path
}
