import { join } from 'node:path'
import { makeRecipe } from '../../scripts/make-recipe.ts'
import { createPlaywrightPage } from '../engines/playwright-page.ts'
import { createRecipe, RECIPES } from '../support/recipes.ts'
import { expect, test } from './fresh-app.ts'

for (const name of RECIPES) {
  test(`the recipe ${name} stands alone, with the packed package`, async ({ app, page, serve }) => {
    makeRecipe(name, app.folder)
    await app.install()
    if (name === 'plain-html') {
      await app.run('npx', 'streamkeeper', 'init', '.')
      await app.run('cp', '-r', 'node_modules/streamkeeper/dist', 'streamkeeper')
    } else {
      await app.run('npx', 'streamkeeper', 'init', 'public')
      await app.run('npm', 'run', 'build')
    }
    const server = await serve(name === 'plain-html' ? app.folder : join(app.folder, 'dist'))
    const recipe = createRecipe(name, createPlaywrightPage(page), server, '/')
    await server.behave({ mode: 'fail', headers: { 'Retry-After': '60' } })
    await recipe.open({
      steps: [{ kind: 'status', status: 429, hint: { form: 'retry-after', ms: 1_000 } }],
      answer: { text: 'Fine.' },
    })
    await recipe.send('Hello')
    await recipe.reads(/^Busy — trying again/)
    expect(await recipe.answer()).toBe('Fine.')
    await recipe.outbox({ text: 'Hello', state: 'waiting' }, { text: 'Fine.', state: 'queued' })
    await server.behave({ mode: 'ok' })
    await recipe.press('Send now')
    await recipe.outbox()
    expect(await recipe.saved()).toEqual(['Hello', 'Fine.'])
  })
}
