import axe from 'axe-core'
import { createDemo, testId } from '../support/demo.ts'
import type { Page } from '../support/page.ts'
import { createRecipe, RECIPES } from '../support/recipes.ts'
import { expect, test } from '../support/test.ts'
import { ask, drawn } from '../support/timelines.ts'

const LOOKS = (['light', 'dark'] as const).flatMap((colorScheme) => [
  { name: `${colorScheme}, desktop`, colorScheme, size: { width: 1280, height: 800 } },
  { name: `${colorScheme}, phone`, colorScheme, size: { width: 390, height: 844 } },
])

// A function, which no policy of the page forbids.
// oxlint-disable-next-line typescript/no-implied-eval
const addAxe = new Function(axe.source) as () => void

/** The findings of axe's default rules, in each look of the current page. */
async function violations(page: Page): Promise<string[]> {
  const found: string[] = []
  // Once per document: it is half a megabyte.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(addAxe)
  for (const { name, colorScheme, size } of LOOKS) {
    // Without motion there is no half-way colour.
    await page.look({ colorScheme, size })
    expect(await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)).toBe(
      colorScheme === 'dark',
    )
    const violations = await page.evaluate(async () => {
      // The second frame shows what the page has made of the change.
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
      const { violations } = await axe.run({ resultTypes: ['violations'] })
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
      )
    })
    found.push(...violations.map((violation) => `${name}: ${violation}`))
  }
  return found
}

test('the demo has no violations, whatever is open', async ({ tab, server }) => {
  test.slow() // Seven states, each in four looks.
  const demo = createDemo(tab, server)
  await demo.open()
  await test.step('the empty chat', async () => expect.soft(await violations(tab)).toEqual([]))

  await server.behave({ mode: 'reject' })
  await demo.send('Show me code')
  await demo.answer('complete')
  await demo.saved('user', 'undeliverable')
  await test.step('an answer with code', async () => expect.soft(await violations(tab)).toEqual([]))

  for (const [panel, button] of [
    ['outbox-panel', 'outbox-button'],
    ['fault-menu', 'fault-menu-button'],
    ['timelines-panel', 'timelines-button'],
    ['settings', 'settings-button'],
    ['shortcuts', 'shortcuts-button'],
  ] as const) {
    await tab.look({ colorScheme: 'light', size: { width: 1280, height: 800 } })
    await tab.click(testId(button))
    await tab.waitFor((selector) => document.querySelector(selector) !== null, testId(panel))
    await test.step(panel, async () => expect.soft(await violations(tab)).toEqual([]))
    await tab.pressEscape()
  }
})

for (const name of RECIPES) {
  test(`${name} has no violations, with an answer and a message that waits`, async ({ tab, server }) => {
    await server.behave({ mode: 'fail', headers: { 'Retry-After': '60' } })
    const recipe = createRecipe(name, tab, server)
    await recipe.open({ steps: [], answer: { text: 'Noted.' } })
    await recipe.send('Note this')
    await recipe.outbox({ text: 'Note this', state: 'waiting' }, { text: 'Noted.', state: 'queued' })
    expect(await violations(tab)).toEqual([])
  })
}

test('timelines has no violations, with requests that are open and that have ended', async ({
  tab,
  server,
}) => {
  await tab.goto(`${server.url}/demo/recipes/timelines/`)
  await tab.waitFor(
    () => navigator.serviceWorker.controller && document.querySelector('[data-fault]:not([disabled])'),
  )
  await tab.click('[data-fault="cut"]')
  await drawn(tab, 'failed')
  await ask(tab, { steps: [{ kind: 'status', status: 429, hint: { form: 'retry-after', ms: 60_000 } }] })
  await drawn(tab, 'open', 'wait')
  await tab.evaluate(() => {
    const root = document.querySelector('request-timelines')?.shadowRoot
    root?.querySelectorAll('summary').forEach((summary) => summary.click())
  })
  expect(await violations(tab)).toEqual([])
})
