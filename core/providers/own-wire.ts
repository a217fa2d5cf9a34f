import { type Matcher, matches } from '../options/matcher.ts'
import { end, isDone, type StreamEvent, type Wire } from './wire.ts'

/** An app's own protocol, as the app describes it: see `chat[].ends` and `chat[].errors`. */
export interface OwnProtocol {
  ends?: Matcher | readonly Matcher[] | undefined
  errors?: Matcher | readonly Matcher[] | undefined
}

/**
 * The wire of an app that declares how its responses end: everything but ends and errors is output, from the first
 * event on.
 */
export function createOwnWire({ ends = [] }: OwnProtocol): Wire {
  return {
    name: 'own',
    // Nobody knows which events can only be of it.
    recognises: () => false,
    read: (event, seen) => {
      if (matches(ends, subjectOf(event))) {
        end(seen)
        seen.reason = true
      } else if (!isDone(event.text)) {
        seen.outputs++
        seen.spoken++
      }
      return true
    },
    // It is unknown where in a long event the matchers would match.
    skim: (_head, _tail, seen) => {
      seen.outputs++
      return false
    },
    // Events after the end are no part of it, however many there are.
    needsAll: (seen) => !seen.ended,
  }
}

/** The error that an event reports in the app's own protocol. */
export function ownErrorIn({ errors = [] }: OwnProtocol, event: StreamEvent): unknown {
  return matches(errors, subjectOf(event)) ? (event.data ?? event.text) : undefined
}

function subjectOf({ name, text, data }: StreamEvent) {
  return { event: name, data: text, value: data }
}
