import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { keepsStreamsAndMessages, test } from './fresh-app.ts'

test('a plain static page has it without any build', async ({ app, page, serve }) => {
  await app.write({
    'package.json': '{ "name": "fresh", "private": true }',
    'site/index.html': `<!doctype html><title>Fresh</title>
<script type="module">
  import { register } from '/streamkeeper/index.js'
  await register('/streamkeeper-sw.js', { chat: ['/v1/chat/completions'], saves: ['/api/sessions/:session/messages'] })
</script>`,
  })
  await app.install()
  await app.run('npx', 'streamkeeper', 'init', 'site')
  await cp(join(app.folder, 'node_modules/streamkeeper/dist'), join(app.folder, 'site/streamkeeper'), {
    recursive: true,
  })
  const server = await serve(join(app.folder, 'site'))
  await keepsStreamsAndMessages(page, server.url, server)
})
