import type { Fault } from '../demo/server/step.ts'
import { createRecipe, RECIPES } from './recipes.ts'
import { expect, test } from './test.ts'

const RATE_LIMITED: Omit<Fault, 'id'> = {
  steps: [{ kind: 'status', status: 429, hint: { form: 'retry-after', ms: 2_000 } }],
  answer: { tokens: 60 },
}
const BRIEF: Omit<Fault, 'id'> = { steps: [], answer: { text: 'Noted.' } }

for (const name of RECIPES) {
  test(`${name}: a rate limit is told with a countdown, then the answer streams in`, async ({
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
    expect((await server.log()).map(({ status }) => status)).toEqual([429, 200])
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

    await server.behave({ mode: 'fail' })
    await recipe.press('Sign in and send')
    await recipe.outbox({ text: 'Noted.', state: 'waiting' })
    await tab.reload()
    await recipe.outbox({ text: 'Noted.', state: 'waiting' })
    expect(await recipe.said()).toEqual([{ role: 'assistant', text: 'Noted.' }])

    await server.behave({ mode: 'ok' })
    await recipe.press('Send now')
    await recipe.outbox()
    expect(await recipe.saved()).toEqual(['Noted.'])
  })
}
