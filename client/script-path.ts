import type { ScriptUrl } from './keeper.ts'

/** By its path a worker's script is known: its query, our options, may change. */
export function pathOf(scriptUrl: ScriptUrl): string {
  return new URL(String(scriptUrl), document.baseURI).pathname
}
