import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from '../../support/page.ts'
import { BROWSER, webKitEnvironment } from './environment.ts'
import { startWebDriver } from './web-driver.ts'
import { createWebKitPage } from './webkit-page.ts'

export interface WebKit {
  newPage: () => Promise<Page>
  /** From now on workers run where they can be killed; call it before a page has registered one. */
  prepareToKill: () => void
  /** Kills every worker at once. */
  killWorkers: () => Promise<void>
  hideTabs: () => Promise<void>
  grantNotifications: (origin: string) => Promise<void>
  close: () => Promise<void>
}

/** After its workers' process has died, WebKit still hands requests to it for a moment, and then to the network. ms */
const MOURNING_MS = 200

/** A browser with an empty profile. */
export async function launchWebKit(): Promise<WebKit> {
  const folder = await mkdtemp(join(tmpdir(), 'streamkeeper-webkit-'))
  const socket = join(folder, 'socket')
  const driver = await startWebDriver(BROWSER, {
    ...(await webKitEnvironment(join(folder, 'profile'))),
    BROWSER_SOCKET: socket,
  })
  await driver.call('POST', '/timeouts', { script: 60_000, pageLoad: 60_000 })
  let helper: Server | undefined
  /** The window that there is from the start. */
  let first: string | undefined = (await driver.call('GET', '/window')) as string
  const anyWindow = first

  const tell = (...command: string[]) => tellBrowser(socket, command)

  /** Loaded before the first page: the process in which workers run is to know what was granted until then. */
  let needsHelper = false
  const openHelper = async () => {
    if (needsHelper && !helper) await loadHelper()
  }

  const loadHelper = async () => {
    helper ??= await serveHelper()
    const { port } = helper.address() as AddressInfo
    await tell('load_helper', `http://127.0.0.1:${port}/?${crypto.randomUUID()}`)
  }

  const newPage = async (): Promise<Page> => {
    const handle = first ?? (await openWindow())
    first = undefined
    return createWebKitPage(driver, handle, {
      newPage,
      beforeGoing: openHelper,
      reloadHard: (title) => tell('reload_hard', title),
      show: (title) => tell('show_tab', title),
      picture: async (title) => {
        const path = join(folder, `${title}.png`)
        await tell('take_picture', title, path)
        return readFile(path)
      },
      look: ({ colorScheme, size: { width, height } }) => tell('look', colorScheme, `${width}`, `${height}`),
    })
  }

  const openWindow = async () => {
    const [some = anyWindow] = (await driver.call('GET', '/window/handles')) as string[]
    const opened = await driver.inWindow(some, () => driver.call('POST', '/window/new', { type: 'window' }))
    return (opened as { handle: string }).handle
  }

  const killWorkers = async () => {
    await tell('kill_helper')
    await sleep(MOURNING_MS)
    // The next worker runs there again.
    await loadHelper()
  }

  return {
    newPage,
    prepareToKill: () => {
      needsHelper = true
    },
    killWorkers,
    hideTabs: () => tell('hide_tabs'),
    grantNotifications: async (origin) => {
      await tell('grant_notifications', origin)
      needsHelper = true
      // A process learns what is granted when it starts, and a worker never later.
      if (helper) await killWorkers()
    },
    close: async () => {
      driver.kill()
      helper?.closeAllConnections()
      helper?.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
    },
  }
}

/** A page of the same site as the test's, whose title says when it has a worker of its own. */
async function serveHelper(): Promise<Server> {
  const server = createServer(({ url = '' }, res) => {
    if (url.startsWith('/worker.js')) {
      res.writeHead(200, { 'Content-Type': 'text/javascript' })
      return void res.end(`addEventListener('install', () => skipWaiting())`)
    }
    res.writeHead(200, { 'Content-Type': 'text/html' })
    res.end(`<!doctype html><script>
      navigator.serviceWorker.register('/worker.js?' + crypto.randomUUID())
        .then(() => navigator.serviceWorker.ready)
        .then(() => (document.title = 'ready'))
    </script>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

/** Sends a command past WebDriver; resolves when it is done. */
function tellBrowser(path: string, command: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    let text = ''
    socket.once('error', reject)
    socket.on('data', (data) => {
      text += String(data)
      if (!text.endsWith('\n')) return
      socket.destroy()
      const { error } = JSON.parse(text) as { error?: string }
      if (error) reject(new Error(`Cannot do ${command.join(' ')}: ${error}`))
      else resolve()
    })
    socket.write(`${JSON.stringify(command)}\n`)
  })
}
