import type { Fault } from '../../demo/server/step.ts'
import { createRecipe, pressButton, RECIPES } from '../support/recipes.ts'
import { expect, test } from '../support/test.ts'

const RATE_LIMITED: Omit<Fault, 'id'> = {
  steps: [{ kind: 'status', status: 429, hint: { form: 'retry-after', ms: 2_000 } }],
  answer: { tokens: 60, tokensPerSecond: 20 },
}
const BRIEF: Omit<Fault, 'id'> = { steps: [], answer: { text: 'Noted.' } }

const TEXT = Array.from({ length: 40 }, (_, index) => `Sentence ${index}.`).join(' ')

/** Rests in its middle, for so long. */
function resting(ms: number | 'forever'): Omit<Fault, 'id'> {
  return { steps: [], answer: { text: TEXT, tokensPerSecond: 0, pauses: [{ afterTokens: 60, ms }] } }
}

for (const name of RECIPES) {
  test(`${name}: a rate limit is told with a countdown, then the response streams in`, async ({
    tab,
    server,
  }) => {
    const recipe = createRecipe(name, tab, server)
    await recipe.open(RATE_LIMITED)
    await recipe.send('Hello')
    const counts = await recipe.countdown(/^Busy — trying again in/, 2)
    expect(Math.max(...counts)).toBeLessThanOrEqual(3)
    const begun = await recipe.answer({ isGrowing: true })
    const whole = await recipe.answer({ atLeast: begun.length })
    expect(await recipe.said()).toEqual([
      { role: 'user', text: 'Hello' },
      { role: 'assistant', text: whole },
    ])
    await recipe.reads(/^$/)
    expect((await recipe.log()).map(({ status }) => status)).toEqual([429, 200])
    await expect.poll(recipe.saved).toEqual(['Hello', whole])
  })

  test(`${name}: the outbox shows what cannot be saved, and what can be done about it`, async ({
    tab,
    server,
  }) => {
    const recipe = createRecipe(name, tab, server)
    await server.behave({ mode: 'reject' })
    await recipe.open(BRIEF)
    await recipe.send('Note this')
    await recipe.outbox({ text: 'Note this', state: 'dead' }, { text: 'Noted.', state: 'dead' })
    await recipe.press('Discard')
    await recipe.outbox({ text: 'Noted.', state: 'dead' })

    await server.behave({ mode: 'auth' })
    await recipe.press('Retry')
    await recipe.outbox({ text: 'Noted.', state: 'needs_auth' })

    // The wait is so long that only a person sends it.
    await server.behave({ mode: 'fail', headers: { 'Retry-After': '60' } })
    await recipe.press('Sign in and send')
    await recipe.outbox({ text: 'Noted.', state: 'waiting' })
    await tab.reload()
    await recipe.outbox({ text: 'Noted.', state: 'waiting' })
    await expect.poll(recipe.said).toEqual([{ role: 'assistant', text: 'Noted.' }])

    await server.behave({ mode: 'ok' })
    await recipe.press('Send now')
    await recipe.outbox()
    expect(await recipe.saved()).toEqual(['Noted.'])
  })
}

test('react-use-chat: a reload mid-stream goes on, nothing doubled and nothing lost', async ({
  tab,
  server,
}) => {
  const recipe = createRecipe('react-use-chat', tab, server)
  await recipe.open(resting(1_500))
  await recipe.send('Hello')
  const before = await recipe.answer({ atLeast: 100, isGrowing: true })
  await tab.reload()
  expect(await recipe.answer({ atLeast: before.length + 1 })).toBe(TEXT)
  const said = [
    { role: 'user', text: 'Hello' },
    { role: 'assistant', text: TEXT },
  ]
  expect(await recipe.said()).toEqual(said)
  await expect.poll(recipe.saved).toEqual(['Hello', TEXT])
  const [sent, ...others] = await recipe.log()
  expect(others).toEqual([])
  expect(sent).toMatchObject({ status: 200, closedBy: 'server' })
  await tab.reload()
  await recipe.answer()
  expect(await recipe.said()).toEqual(said)
})

test('react-use-chat: a response that ended while there was no page is there, and nothing is under way', async ({
  tab,
  server,
}) => {
  const recipe = createRecipe('react-use-chat', tab, server)
  await recipe.open(resting(1_500))
  await recipe.send('Hello')
  await recipe.answer({ atLeast: 100, isGrowing: true })
  await tab.goto('about:blank')
  await expect.poll(recipe.log).toMatchObject([{ closedBy: 'server' }])
  await recipe.open()
  expect(await recipe.answer()).toBe(TEXT)
})

test('react-use-chat: Stop after a reload ends the upstream, and what was said stays', async ({
  tab,
  server,
}) => {
  const recipe = createRecipe('react-use-chat', tab, server)
  await recipe.open(resting('forever'))
  await recipe.send('Hello')
  const before = await recipe.answer({ atLeast: 100, isGrowing: true })
  await tab.reload()
  await recipe.answer({ atLeast: before.length, isGrowing: true })
  await recipe.stop()
  const stopped = await recipe.answer()
  expect(stopped.startsWith(before)).toBe(true)
  await recipe.reads(/^Stopped$/)
  await expect.poll(recipe.log).toMatchObject([{ closedBy: 'client' }])
  await expect.poll(recipe.saved).toEqual(['Hello', stopped])
  await tab.reload()
  expect(await recipe.answer()).toBe(stopped)
})

test('react-use-chat: a wait is counted down after a reload, too, and can be stopped', async ({
  tab,
  server,
}) => {
  const recipe = createRecipe('react-use-chat', tab, server)
  await recipe.open({ steps: [{ kind: 'status', status: 429, hint: { form: 'retry-after', ms: 20_000 } }] })
  await recipe.send('Hello')
  await recipe.reads(/^Busy — trying again in/)
  await tab.reload()
  await recipe.countdown(/^Busy — trying again in/, 2)
  await recipe.stop()
  await recipe.reads(/^Stopped$/)
  expect(await recipe.log()).toHaveLength(1)
})

test('react-use-chat: a response goes on while another chat is on screen', async ({ tab, server }) => {
  const recipe = createRecipe('react-use-chat', tab, server)
  await recipe.open(resting(1_500))
  await recipe.send('Hello')
  const before = await recipe.answer({ atLeast: 100, isGrowing: true })
  await recipe.switchTo('second')
  await expect.poll(recipe.said).toEqual([])
  await recipe.switchTo('first')
  expect(await recipe.answer({ atLeast: before.length + 1 })).toBe(TEXT)
  expect(await recipe.said()).toHaveLength(2)
  expect(await recipe.log()).toMatchObject([{ status: 200, closedBy: 'server' }])
})

test('react-use-chat: a cut response is shown as one, and can be asked for again', async ({
  tab,
  server,
}) => {
  const recipe = createRecipe('react-use-chat', tab, server)
  await recipe.open({
    steps: [{ kind: 'answer', cut: { by: 'end', afterTokens: 60 } }],
    answer: { text: TEXT, tokensPerSecond: 0 },
  })
  await recipe.send('Hello')
  await recipe.reads(/^No complete answer\. The connection closed before the end\.$/)
  await expect.poll(recipe.said).toMatchObject([{ role: 'user' }, { role: 'assistant', state: 'failed' }])
  await expect.poll(recipe.saved).toEqual(['Hello'])
  await pressButton(tab, 'button', 'Try again')
  await expect.poll(recipe.saved).toEqual(['Hello', TEXT])
  expect(await recipe.said()).toEqual([
    { role: 'user', text: 'Hello' },
    { role: 'assistant', text: TEXT },
  ])
})
