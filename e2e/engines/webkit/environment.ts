import { Socket } from 'node:net'
import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** On in Safari, off by default in WebKitGTK 2.50. */
const FEATURES = ['StorageAPI', 'StorageAPIEstimate', 'ReadableByteStreamAPI']

/** The browser's program, which is driven with `--automation`, and alone opens the URLs that it is given. */
export const BROWSER = join(import.meta.dirname, 'browser.py')

/** The environment of `browser.py`: a screen, and a profile in that folder. */
export async function webKitEnvironment(profile: string): Promise<Record<string, string>> {
  return {
    DISPLAY: await startScreen(),
    GDK_BACKEND: 'x11',
    WEBKIT_DISABLE_DMABUF_RENDERER: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
    LIBGL_ALWAYS_SOFTWARE: '1',
    NO_AT_BRIDGE: '1',
    GSETTINGS_BACKEND: 'memory',
    BROWSER_PROFILE: profile,
    BROWSER_FEATURES: FEATURES.join(','),
  }
}

let screen: Promise<string> | undefined

/** A virtual screen; one for all browsers of this process, which ends with it. */
function startScreen(): Promise<string> {
  screen ??= new Promise((resolve, reject) => {
    const xvfb = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    xvfb.once('error', reject)
    xvfb.once('exit', (code) => reject(new Error(`Cannot start a screen: Xvfb ended with ${code}`)))
    xvfb.stdio[3]?.once('data', (data) => {
      // A command that has done its work ends, though its screen is still there.
      xvfb.unref()
      // Not closed: Xvfb may still be writing, and ends where nobody reads.
      if (xvfb.stdio[3] instanceof Socket) xvfb.stdio[3].unref()
      resolve(`:${String(data).trim()}`)
    })
    process.once('exit', () => xvfb.kill())
  })
  return screen
}
