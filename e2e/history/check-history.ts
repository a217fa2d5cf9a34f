import type { HistoryEvent } from './history.ts'

/** A request that is on its way when somebody discards it may arrive so much later, ms. */
const IN_FLIGHT_MS = 100

/**
 * Looks whether a history keeps what the outbox promises; knows nothing of how it works.
 *
 * - every accepted message arrives, or is left where a person sees it, or was discarded
 * - it takes effect once: one key for one message, which is no other's
 * - in order inside one person's conversation
 * - it is received only as its sender's, by the cookie that came with it, and never after it was discarded
 * - `save_sent` is told only of what the server has, and once
 *
 * @returns what does not hold, in words; empty when all does
 */
export function checkHistory(events: readonly HistoryEvent[]): string[] {
  const sorted = events.toSorted((a, b) => a.at - b.at)
  return [checkArrival, checkEffect, checkOrder, checkPeople, checkDiscarded, checkTold].flatMap((check) =>
    check(sorted),
  )
}

type Done<What extends HistoryEvent['do']> = Extract<HistoryEvent, { do: What }>

function all<What extends HistoryEvent['do']>(events: readonly HistoryEvent[], what: What): Done<What>[] {
  return events.filter((event): event is Done<What> => event.do === what)
}

function messagesOf(events: readonly { message: string }[]): Set<string> {
  return new Set(events.map(({ message }) => message))
}

function saved(events: readonly HistoryEvent[]): Done<'received'>[] {
  return all(events, 'received').filter(({ isSaved }) => isSaved)
}

function checkArrival(events: readonly HistoryEvent[]): string[] {
  const there = messagesOf([...saved(events), ...all(events, 'left'), ...all(events, 'discarded')])
  return all(events, 'accepted')
    .filter(({ message }) => !there.has(message))
    .map(({ message }) => `${message} was accepted and is lost`)
}

function checkEffect(events: readonly HistoryEvent[]): string[] {
  const faults: string[] = []
  const keys = new Map<string, string>()
  const owners = new Map<string, string>()
  for (const { message, key } of all(events, 'received')) {
    if (key === null) continue
    const known = keys.get(message) ?? key
    const owner = owners.get(key) ?? message
    if (known !== key) faults.push(`${message} was sent with two keys`)
    if (owner !== message) faults.push(`${message} was sent with the key of ${owner}`)
    keys.set(message, known)
    owners.set(key, owner)
  }
  const effects = saved(events).map(({ message }) => message)
  const twice = effects.filter((message, place) => effects.indexOf(message) !== place)
  return [...faults, ...twice.map((message) => `${message} took effect twice`)]
}

function checkOrder(events: readonly HistoryEvent[]): string[] {
  const accepted = messagesOf(all(events, 'accepted'))
  const outOfOrder = messagesOf([...all(events, 'retried'), ...all(events, 'left')])
  const places = new Map<string, number>()
  saved(events).forEach(({ message }, place) => {
    if (!places.has(message)) places.set(message, place)
  })
  const last = new Map<string, { message: string; place: number }>()
  const faults: string[] = []
  for (const { message, conversation, who } of all(events, 'save')) {
    const place = places.get(message)
    if (place === undefined || !accepted.has(message) || outOfOrder.has(message)) continue
    const line = JSON.stringify([who, conversation])
    const before = last.get(line)
    if (before && before.place > place) faults.push(`${message} took effect before ${before.message}`)
    last.set(line, { message, place })
  }
  return faults
}

function checkPeople(events: readonly HistoryEvent[]): string[] {
  const owners = new Map(all(events, 'save').map(({ message, who }) => [message, who]))
  return all(events, 'received').flatMap(({ message, as }) => {
    const owner = owners.get(message)
    if (owner === undefined || as === undefined || as === owner) return []
    return [`${message} of ${owner ?? 'nobody'} was received as of ${as ?? 'nobody'}`]
  })
}

function checkDiscarded(events: readonly HistoryEvent[]): string[] {
  const received = all(events, 'received')
  return all(events, 'discarded')
    .filter(({ message, at }) =>
      received.some((each) => each.message === message && each.at > at + IN_FLIGHT_MS),
    )
    .map(({ message }) => `${message} was sent after it was discarded`)
}

function checkTold(events: readonly HistoryEvent[]): string[] {
  const messages = new Map(all(events, 'accepted').map(({ entryId, message }) => [entryId, message]))
  const there = messagesOf(saved(events))
  const sent = all(events, 'told').filter(({ status }) => status === 'save_sent')
  return sent.flatMap(({ entryId }, place) => {
    const message = messages.get(entryId)
    if (message === undefined) return [] // Its page was killed before it was answered.
    if (!there.has(message)) return [`${message} was told to be sent and is not`]
    const isSecond = sent.findIndex((each) => each.entryId === entryId) !== place
    return isSecond ? [`${message} was told to be sent twice`] : []
  })
}
