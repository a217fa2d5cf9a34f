import { checkOptions } from '../core/options/check.ts'
import { checkAllRoutes } from '../core/options/check-routes.ts'
import type { Options } from '../core/options/options.ts'
import type { KeeperReason, ScriptUrl } from './keeper.ts'
import { pathOf } from './script-path.ts'
import { workerUrl } from './script-url.ts'
import { warn } from './warnings.ts'

/** The registration, or the reason why there is none, or no new one. */
export interface Found {
  registration?: ServiceWorkerRegistration | undefined
  reason?: KeeperReason
}

/**
 * Registers the ready-made worker, unless its scope belongs to another script, which would be replaced; with `enabled:
 * false` only where it is already registered. Without a script's URL it looks for the app's own worker.
 *
 * @throws {TypeError} naming a wrong option, or if they are too long for the worker's URL.
 */
export async function findRegistration(scriptUrl: ScriptUrl | undefined, options: Options): Promise<Found> {
  const { serviceWorker } = navigator
  const { baseURI } = document
  checkAllRoutes(checkOptions(options), baseURI)
  const url = scriptUrl && trusted(scriptUrl, options)
  const place = scriptUrl ? new URL('./', new URL(String(scriptUrl), baseURI)) : location.href
  const scope = new URL(options.scope || place, baseURI).href
  let registration: ServiceWorkerRegistration | undefined
  try {
    registration = await serviceWorker.getRegistration(scope)
    if (!url) return { registration }
    // It is the nearest one around the scope; only one with exactly this scope would be replaced.
    if (registration?.scope !== scope) registration = undefined
    for (const worker of [registration?.active, registration?.waiting, registration?.installing]) {
      if (worker && pathOf(worker.scriptURL) !== pathOf(url)) return { reason: 'other_worker' }
    }
    if (options.enabled === false && !registration) return {}
    if (options.enabled !== false && !location.href.startsWith(scope)) return { reason: 'out_of_scope' }
    return { registration: await serviceWorker.register(url, { scope, updateViaCache: 'none' }) }
  } catch (error) {
    warn(
      scriptUrl
        ? `Cannot register ${String(scriptUrl)}: ${String(error)}. To put the worker there, run: npx streamkeeper init <publicDir>`
        : `Cannot look for a worker: ${String(error)}`,
    )
    // An existing registration stays: being offline keeps new options out, not the old worker.
    return { registration, reason: 'blocked' }
  }
}

interface TrustedTypes {
  isScriptURL: (value: unknown) => boolean
  createPolicy: (
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ) => { createScriptURL: (url: string) => { toString: () => string } }
}

let policy: ReturnType<TrustedTypes['createPolicy']> | undefined

/**
 * The worker's URL with its options, as `register` accepts it: that may be a `TrustedScriptURL`, which TypeScript's DOM
 * types do not have yet.
 */
function trusted(scriptUrl: ScriptUrl, options: Options): string {
  const { trustedTypes } = window as { trustedTypes?: TrustedTypes }
  if (trustedTypes?.isScriptURL(scriptUrl)) return scriptUrl as string
  const url = workerUrl(String(scriptUrl), options)
  try {
    policy ??= trustedTypes?.createPolicy('streamkeeper', { createScriptURL: (trustedUrl) => trustedUrl })
  } catch {
    // The page's CSP does not allow our policy; where that matters, `register` will say so.
  }
  return (policy?.createScriptURL(url) ?? url) as string
}
