import type { Page } from '@playwright/test'

/** How one message is saved. */
export interface Saving {
  session: string
  /** Counts up inside its session. */
  number: number
  bytes: number
  /** With a token of its own, which is sealed. */
  hasToken: boolean
  /** With a query, which is sealed, too. */
  hasQuery: boolean
}

/** An app that saves message after message, and tells at once of each that was accepted. */
export async function openSavingApp(page: Page, url: string, onAccepted: (saving: Saving) => void) {
  await page.exposeFunction('accepted', onAccepted)
  await page.goto(`${url}/e2e/site/`)
  const state = await page.evaluate(async () => {
    const options = { saves: ['/api/sessions/:session/messages'], principal: 'ada' }
    const { state } = await window.e2e.register(options)
    window.e2e.keeper?.provideAuth(() => ({ Authorization: 'Bearer demo-token' }))
    return state
  })
  if (state !== 'controlling') throw new Error(`The worker does not control the page: ${state}`)

  return {
    /** Saves them one after the other inside a session, sessions side by side; ends when all are answered. */
    save: (savings: Saving[]) =>
      page.evaluate(async (savings) => {
        const { accepted } = window as unknown as { accepted: (saving: unknown) => Promise<void> }
        const sessions = Map.groupBy(savings, ({ session }) => session)
        const saveOne = async (saving: (typeof savings)[number]) => {
          const { session, number, bytes, hasToken, hasQuery } = saving
          const content = `Message ${number} `.padEnd(bytes, 'x')
          const response = await fetch(`/api/sessions/${session}/messages${hasQuery ? '?from=test' : ''}`, {
            method: 'POST',
            headers: {
              'Content-Type': 'application/json',
              ...(hasToken ? { Authorization: 'Bearer demo-token' } : {}),
            },
            body: JSON.stringify({ id: String(number), role: 'user', content }),
          })
          if (response.ok) await accepted(saving)
        }
        await Promise.all(
          Array.from(sessions.values(), async (each) => {
            for (const saving of each) await saveOne(saving)
          }),
        )
      }, savings),
    /** Sends what can be sent; resolves with what waits, and with the numbers of the dead letters, by session. */
    drain: () =>
      page.evaluate(async () => {
        const { outbox } = window.e2e.keeper ?? {}
        await outbox?.flush()
        const entries = (await outbox?.list()) ?? []
        const dead: { session: string; number: string | undefined; why: string }[] = []
        for (const { id, url, state, code, preview } of entries) {
          if (state !== 'dead') continue
          const body = await outbox?.body(id)
          const { id: number } = body ? (JSON.parse(await body.text()) as { id: string }) : {}
          dead.push({ session: url.split('/').at(-2) ?? '', number, why: `${code}: ${preview ?? ''}` })
        }
        return { waiting: entries.length - dead.length, dead }
      }),
    /** What was told so far. */
    told: (name: string) =>
      page.evaluate((name) => window.e2e.statuses.filter(({ status }) => status === name).length, name),
  }
}

export type SavingApp = Awaited<ReturnType<typeof openSavingApp>>
