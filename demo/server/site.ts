import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { extname, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Exchange } from './exchange.ts'
import { sendText } from './send.ts'

const CONTENT_TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/** Serves the files of a folder, `index.html` for a folder's own URL, and nothing outside of it. */
export async function serveSite({ req, res, url }: Exchange, folder: string): Promise<void> {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    return sendText(res, 405, 'Method not allowed\n', { Allow: 'GET, HEAD' })
  }
  const found = await findFile(folder, url.pathname)
  if (!found) {
    const hint = url.pathname === '/' ? 'The demo is not built yet: npm run build\n' : 'Not found\n'
    return sendText(res, 404, hint, { 'Content-Type': 'text/plain; charset=utf-8' })
  }
  const { path, size, modifiedMs } = found
  const etag = `W/"${size.toString(36)}-${Math.round(modifiedMs).toString(36)}"`
  const headers = {
    'Cache-Control': 'no-cache',
    ETag: etag,
    'Content-Type': CONTENT_TYPES[extname(path)] ?? 'application/octet-stream',
    'X-Content-Type-Options': 'nosniff',
  }
  if (req.headers['if-none-match'] === etag) return void res.writeHead(304, headers).end()
  res.writeHead(200, { ...headers, 'Content-Length': size })
  if (req.method === 'HEAD') return void res.end()
  await pipeline(createReadStream(path), res)
}

interface Found {
  path: string
  size: number
  modifiedMs: number
}

async function findFile(folder: string, pathname: string): Promise<Found | undefined> {
  try {
    const root = await realpath(folder)
    const name = decodeURIComponent(pathname)
    // The real path, so that neither `..%2f` nor a link leads out of the folder.
    const path = await realpath(resolve(root, `.${name.endsWith('/') ? `${name}index.html` : name}`))
    const file = await stat(path)
    if (!path.startsWith(root + sep) || !file.isFile()) return undefined
    return { path, size: file.size, modifiedMs: file.mtimeMs }
  } catch {
    return undefined // No such file, or a name that no file can have.
  }
}
