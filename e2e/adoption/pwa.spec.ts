import { join } from 'node:path'
import { expect, keepsStreamsAndMessages, test } from './fresh-app.ts'

test('an app of vite-plugin-pwa with a worker of its own keeps both', async ({ app, page, serve }) => {
  await app.write({
    'package.json': '{ "name": "fresh", "private": true, "type": "module" }',
    'index.html':
      '<!doctype html><title>Fresh</title><p>Precached</p><script type="module" src="/src/main.js"></script>',
    'src/main.js': `import { registerSW } from 'virtual:pwa-register'
import { register } from 'streamkeeper'
registerSW({ immediate: true })
await navigator.serviceWorker.ready
window.keeper = await register(undefined, {})\n`,
    'src/sw.js': `import { clientsClaim } from 'workbox-core'
import { precacheAndRoute } from 'workbox-precaching'
import { keepStreams, whenIdle } from 'streamkeeper/sw'
keepStreams({ chat: ['v1/chat/completions'], saves: ['api/sessions/:session/messages'] })
clientsClaim()
precacheAndRoute(self.__WB_MANIFEST)
self.addEventListener('message', (event) => {
  if (event.data?.type === 'SKIP_WAITING') event.waitUntil(whenIdle().then(() => self.skipWaiting()))
})\n`,
    'vite.config.js': `import { VitePWA } from 'vite-plugin-pwa'
export default {
  plugins: [VitePWA({ strategies: 'injectManifest', srcDir: 'src', filename: 'sw.js', manifest: false })],
}\n`,
  })
  await app.install('vite', 'vite-plugin-pwa@2', 'workbox-core', 'workbox-precaching')
  await app.run('npx', 'vite', 'build')
  const server = await serve(join(app.folder, 'dist'))
  await keepsStreamsAndMessages(page, server.url, server)
  await page.waitForFunction(() => (window as { keeper?: { state: string } }).keeper?.state === 'controlling')
  await server.stop()
  await page.goto(server.url)
  expect(await page.textContent('p')).toBe('Precached')
})
