import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../../core/testing/fake-clock.ts'
import { makeEntry } from '../testing/make-entry.ts'
import { createCredentials, type ProvidedHeaders } from './credentials.ts'

const OLD = { Authorization: 'old' }
const NEW = { Authorization: 'new' }

/** Pages that answer with one thing after the other. */
function ask(...responses: (ProvidedHeaders | null | (() => Promise<ProvidedHeaders | null>))[]) {
  const clock = createFakeClock()
  const triggers = { onlineAt: 0, wokenAt: 0, flushedAt: 0 }
  const questions: string[] = []
  let who: string | null = null
  let changes = 0
  const signIn = (name: string | null) => {
    who = name
    changes++
  }
  const credentials = createCredentials({
    clock,
    triggers,
    principal: { current: () => who, changes: () => changes },
    askAuth: async ({ entryId }) => {
      questions.push(entryId)
      const response = responses.shift() ?? null
      return typeof response === 'function' ? response() : response
    },
  })
  return { clock, triggers, questions, credentials, signIn }
}

test('one page’s response is used for all simultaneous questions', async () => {
  const { clock, questions, credentials } = ask(NEW)
  const asking = ['1', '2', '3'].map((id) => credentials.ask(makeEntry(id), null))
  expect(await Promise.all(asking)).toEqual([NEW, NEW, NEW])
  await clock.advance(29_000)
  expect(await credentials.ask(makeEntry('4'), null)).toBe(NEW)
  expect(questions).toEqual(['1'])
})

test('a missing response is used for all, until a page is opened', async () => {
  const { clock, triggers, questions, credentials } = ask(null, NEW)
  expect(await credentials.ask(makeEntry('1'), null)).toBeNull()
  expect(await credentials.ask(makeEntry('2'), null)).toBeNull()
  await clock.advance(1_000)
  triggers.wokenAt = clock.now()
  expect(await credentials.ask(makeEntry('2'), null)).toBe(NEW)
  expect(questions).toEqual(['1', '2'])
})

test('what was refused is asked for again only when there may be something new', async () => {
  const { clock, triggers, questions, credentials } = ask(OLD, NEW)
  const old = await credentials.ask(makeEntry('1'), null)
  expect(await credentials.ask(makeEntry('1'), old)).toBeNull()
  await clock.advance(1_000)
  triggers.wokenAt = clock.now()
  // Two that were refused at the same time ask once.
  const both = [credentials.ask(makeEntry('1'), old), credentials.ask(makeEntry('2'), old)]
  expect(await Promise.all(both)).toEqual([NEW, NEW])
  expect(questions).toEqual(['1', '1'])
})

test('after half a minute it is asked again', async () => {
  const { clock, questions, credentials } = ask(OLD, NEW)
  await credentials.ask(makeEntry('1'), null)
  await clock.advance(31_000)
  expect(await credentials.ask(makeEntry('2'), null)).toBe(NEW)
  expect(questions).toEqual(['1', '2'])
})

test('what was given is used at once for messages that are older, and for those only', async () => {
  const { clock, credentials } = ask(NEW)
  const older = makeEntry('1', { createdAt: clock.now() - 1 })
  expect(await credentials.provided(older)).toBeNull()
  await credentials.ask(older, null)
  expect(await credentials.provided(older)).toBe(NEW)
  expect(await credentials.provided(makeEntry('2', { createdAt: clock.now() }))).toBeNull()
  expect(await credentials.provided({ ...older, url: 'https://api.example/a' })).toBeNull()
  expect(await credentials.provided({ ...older, principal: 'ada' })).toBeNull()
  credentials.forget()
  expect(await credentials.provided(older)).toBeNull()
})

describe('S12 what a page gives counts for who was signed in all the while', () => {
  test.each([
    ['somebody else', ['bob']],
    ['somebody else, and back', ['bob', null]],
    ['nobody but her, anew', [null]],
  ])('%s signs in before the answer: it is dropped', async (_name, names) => {
    let give = (_headers: ProvidedHeaders) => {}
    const { credentials, signIn } = ask(() => new Promise((resolve) => (give = resolve)))
    const asking = credentials.ask(makeEntry('1'), null)
    for (const name of names) signIn(name)
    give(NEW)
    expect(await asking).toBeNull()
    expect(await credentials.provided(makeEntry('1', { createdAt: 0 }))).toBeNull()
  })

  test('no page is asked about one whose sender is not signed in', async () => {
    const { credentials, questions, signIn } = ask(NEW)
    signIn('bob')
    expect(await credentials.ask(makeEntry('1'), null)).toBeNull()
    expect(questions).toEqual([])
  })
})
