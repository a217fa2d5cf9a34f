import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import type { Connect, Plugin, ResolvedConfig } from 'vite'
import { WORKER_NAME } from './installed-worker.ts'

export interface StreamkeeperPluginOptions {
  /** The worker's path below `base`. Default: `streamkeeper-sw.js`. */
  fileName?: string
  /**
   * The pages that the worker may control: the `scope` of `register`, if you set one. Default: `base`. If that is more
   * than the worker's own folder, browsers require the header `Service-Worker-Allowed`: the development and the preview
   * server send it, and a build prints what your own server must send.
   */
  scope?: string
}

/** The plugin for any worker; tests have no built one. */
export function workerPlugin(
  { fileName = WORKER_NAME, scope, ...unknown }: StreamkeeperPluginOptions,
  readWorker: () => Promise<string>,
): Plugin {
  const [extra] = Object.keys(unknown)
  if (extra !== undefined) throw new TypeError(`Unknown option ${extra}: there are fileName, scope`)
  checkFileName(fileName)
  if (scope !== undefined && !(typeof scope === 'string' && scope.startsWith('/'))) {
    throw new TypeError(`Option scope: got ${JSON.stringify(scope)}, takes a path that begins with /`)
  }
  let place: Place

  return {
    name: 'streamkeeper',
    applyToEnvironment: ({ config }) => config.consumer === 'client',
    configResolved: (config) => {
      place = placeOf(config, fileName, scope)
      const copy = config.publicDir && join(config.publicDir, fileName)
      if (copy && existsSync(copy)) {
        config.logger.warn(
          `${copy} is not used: the plugin streamkeeper serves the installed version. Delete the file`,
        )
      }
    },
    configureServer: ({ middlewares }) => {
      middlewares.use(
        atWorker(place, (request, response, next) => {
          if (request.method !== 'GET' && request.method !== 'HEAD') return next()
          readWorker().then((text) => {
            response.setHeader('Content-Type', 'text/javascript; charset=utf-8')
            response.setHeader('Cache-Control', 'no-cache')
            response.end(request.method === 'HEAD' ? undefined : text)
          }, next)
        }),
      )
    },
    configurePreviewServer: ({ middlewares }) => {
      // The build has put the file there.
      middlewares.use(atWorker(place, (_request, _response, next) => next()))
    },
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName, source: await readWorker() })
      if (place.allowed === undefined) return
      this.info(
        `Your server must send ${place.path} with the header Service-Worker-Allowed: ${place.allowed}; the worker's own folder is ${posix.dirname(place.path)}/`,
      )
    },
  }
}

interface Place {
  /** The worker's path on its server. */
  path: string
  /** The value of `Service-Worker-Allowed`, if the worker's own folder is not enough. */
  allowed: string | undefined
}

function placeOf({ base }: ResolvedConfig, fileName: string, scope?: string): Place {
  // A base may be relative, or on another origin, where pages and their worker cannot be.
  const folder = new URL(base, 'http://localhost').pathname
  const path = posix.join(folder, fileName)
  const wanted = scope ?? folder
  const own = path.slice(0, path.lastIndexOf('/') + 1)
  return { path, allowed: wanted.startsWith(own) ? undefined : wanted }
}

/** Serves requests for the worker, with or without options in the query, with the header that it needs. */
function atWorker({ path, allowed }: Place, serve: Connect.NextHandleFunction): Connect.NextHandleFunction {
  return (request, response, next) => {
    if (request.url?.split('?')[0] !== path) return next()
    if (allowed !== undefined) response.setHeader('Service-Worker-Allowed', allowed)
    serve(request, response, next)
  }
}

function checkFileName(fileName: unknown): void {
  const isBelow =
    typeof fileName === 'string' && !/^[./]|\\|(^|\/)\.\.(\/|$)/.test(fileName) && fileName.endsWith('.js')
  if (isBelow) return
  throw new TypeError(
    `Option fileName: got ${JSON.stringify(fileName)}, takes a path below base that ends in .js, such as ${WORKER_NAME}`,
  )
}
