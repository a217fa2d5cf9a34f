import type { Options } from '../core/options/options.ts'
import { createKeeper } from './create-keeper.ts'
import type { Keeper, ScriptUrl } from './keeper.ts'

/**
 * Registers the worker and resolves when any version of it controls the page, or it is known that none will, or after
 * 5 s; `keeper.state` says which.
 *
 * Call it as early as you can. `createKeeper` does the same and returns the `Keeper` immediately.
 *
 * @param scriptUrl where the site serves the ready-made worker, `streamkeeper-sw.js`; `undefined`: the app's own
 *   worker calls `keepStreams`
 * @throws {TypeError} naming a wrong option, or if the options are too long for the worker's URL.
 */
export async function register(scriptUrl?: ScriptUrl, options?: Options): Promise<Keeper> {
  return createKeeper(scriptUrl, options).ready
}
