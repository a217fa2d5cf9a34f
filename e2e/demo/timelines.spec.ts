import { createDemo, testId } from '../support/demo.ts'
import type { Page } from '../support/page.ts'
import { expect, test } from '../support/test.ts'
import type { TestServer } from '../support/test-server.ts'
import { ask, drawn } from '../support/timelines.ts'

async function open(tab: Page, server: TestServer): Promise<void> {
  await tab.goto(`${server.url}/demo/recipes/timelines/`)
  await tab.waitFor(
    () => navigator.serviceWorker.controller && document.querySelector('[data-fault]:not([disabled])'),
  )
}

test('a bad day is drawn: attempts, waits and the response, in their order and proportion', async ({
  tab,
  server,
}) => {
  await open(tab, server)
  await ask(tab, {
    steps: [
      { kind: 'status', status: 500 },
      { kind: 'status', status: 429, hint: { form: 'retry-after', ms: 1_000 } },
    ],
    answer: { tokens: 40 },
  })
  const { label, segments, marks, story, isOwn } = await drawn(tab, 'complete')
  expect(segments.map(({ kind }) => kind)).toEqual([
    'attempt',
    'wait',
    'attempt',
    'wait',
    'attempt',
    'answering',
  ])
  expect(label).toMatch(
    /^demo-small\. Attempt 1: .+ s\. The service failed, waited .+ s\. Attempt 2: .+ s\. Busy, as the service asked, waited .+ s\. Attempt 3: .+ s\. Answering: .+ s\. Complete\.$/,
  )
  const [, , , hintedWait] = segments
  expect(hintedWait?.ms).toBeGreaterThanOrEqual(1_000)
  expect(hintedWait?.ms).toBeLessThan(2_500)
  expect(marks).toEqual(['headers', 'first_output'])
  expect(story.at(-1)).toMatch(/^Complete · .+B/)
  expect(isOwn).toBe(true)
})

test('silence mid-stream is drawn while it lasts, and is over when the response goes on', async ({
  tab,
  server,
}) => {
  await open(tab, server)
  await ask(tab, {
    steps: [{ kind: 'answer', tokens: 60, tokensPerSecond: 0, pauses: [{ afterTokens: 30, ms: 3_000 }] }],
  })
  const { label } = await drawn(tab, 'open', 'stalled')
  expect(label).toMatch(/ Silent\.$/)
  const { segments } = await drawn(tab, 'complete')
  expect(segments.map(({ kind }) => kind)).toEqual(['attempt', 'answering', 'stalled', 'answering'])
  expect(segments[2]?.ms).toBeGreaterThan(2_500)
})

test('a wait is drawn to where it will end, and a request that is stopped in it ends as stopped', async ({
  tab,
  server,
}) => {
  await open(tab, server)
  await ask(tab, { steps: [{ kind: 'status', status: 429, hint: { form: 'retry-after', ms: 20_000 } }] })
  await drawn(tab, 'open', 'wait')
  expect(await tab.evaluate(readFate)).toMatch(/^Busy · (\d+|\d\.\d) s more$/)
  await tab.click('[data-stop]')
  const { label, segments } = await drawn(tab, 'stopped')
  expect(segments.map(({ kind }) => kind)).toEqual(['attempt', 'wait'])
  expect(label).toMatch(/ Stopped\.$/)
})

test('what another tab has sent is drawn here too, as not our own; also when this tab comes later', async ({
  tab,
  server,
}) => {
  await open(tab, server)
  await tab.click('[data-fault="slow"]')
  expect(await drawn(tab, 'open', 'answering')).toMatchObject({ isOwn: true })
  const otherTab = await tab.newTab()
  await open(otherTab, server)
  const { label, isOwn } = await drawn(otherTab, 'open', 'answering')
  expect(isOwn).toBe(false)
  expect(label).toMatch(/another tab\. Not seen by this page: .+ s\. Answering\.$/)
  await otherTab.click('[data-stop]')
  await drawn(otherTab, 'stopped')
  expect(await drawn(tab, 'stopped')).toMatchObject({ isOwn: true })
})

test('the demo draws what was sent before anybody looked, and what comes next', async ({ tab, server }) => {
  const demo = createDemo(tab, server)
  await demo.open()
  await demo.send('Hello')
  await demo.answer('complete')
  await tab.click(testId('timelines-button'))
  const { segments } = await drawn(tab, 'complete')
  expect(segments.map(({ kind }) => kind)).toEqual(['attempt', 'answering'])
  await demo.chooseFault('bad-key')
  await demo.send('Hello again')
  await demo.answer('failed', 0, 2)
  await tab.click(testId('timelines-button'))
  const { label } = await drawn(tab, 'failed')
  expect(label).toMatch(/^demo-small\. Attempt 1: .+ s\. Failed: No usable answer came \(401\)\.$/)
})

// This runs in the page; it must stand alone.

function readFate(): string | undefined {
  return document.querySelector('request-timelines')?.shadowRoot?.querySelector('.fate')?.textContent
}
