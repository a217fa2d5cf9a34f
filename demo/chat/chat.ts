import { computed, signal } from '@preact/signals'
import { isStatus, streamChat, type Status, type StatusOf } from '../../client/index.ts'
import { type Activity, activityOf, nextActivity } from './activity.ts'
import { tellActivity } from './activity-words.ts'
import { announce } from '../page/announce.ts'
import { readChunk, type Delta } from './chunk.ts'
import { faultForRequest } from './faults.ts'
import { createId } from '../page/id.ts'
import { chatUrl, keeper, keptChatUrl, ready } from '../page/keeper.ts'
import { createLiveText } from './live-text.ts'
import { createMessage, type Message } from './message.ts'
import { answerName, keepsAnswers, stopOnServer } from '../history/kept-answers.ts'
import { problemOf } from './problem-of.ts'
import { saveMessage } from './save.ts'
import { keyHeader, model } from '../page/settings.ts'
import { addMessage, dropFailedAnswer, hasMessage, shownAnswer, threadOf, turnsOf } from './thread.ts'
import { forget, remember, unfinished } from './unfinished.ts'

interface Run {
  message: Message
  abort: AbortController
  requestId: string | null
  /** How the server calls it, if it keeps it. */
  kept: string | null
  /** Takes in what is told of it. */
  hear: (status: Status) => void
}

const runs = signal<ReadonlyMap<string, Run>>(new Map())

/** The conversations an answer is arriving in. */
export const answering = computed<ReadonlySet<string>>(() => new Set(runs.value.keys()))

/** Stops the answer of a conversation: the abort ends the stream, the cancel ends a wait before it as well. */
export function stopAnswer(conversation: string): void {
  const run = runs.peek().get(conversation)
  if (!run) return
  run.abort.abort()
  if (run.requestId) keeper.peek()?.cancel(run.requestId)
  if (run.kept !== null) stopOnServer(run.kept)
}

/** Asks for an answer to what a conversation has come to; resolves when it has ended, in whatever way. */
export async function answer(conversation: string): Promise<void> {
  if (runs.peek().has(conversation)) return
  dropFailedAnswer(conversation)
  const messages = contextOf(conversation)
  const id = createId()
  await arrive(conversation, { id, createdAt: Date.now() }, async (run) => {
    await ready
    const fault = faultForRequest()
    // A fault is for this page's own connection to the provider.
    if (keepsAnswers.peek() && !fault) run.kept = answerName(conversation, id)
    return streamChat(run.kept === null ? chatUrl(conversation) : keptChatUrl(run.kept), {
      body: { model: model.peek(), stream: true, messages, ...(fault ? { fault } : {}) },
      headers: keyHeader(),
      signal: run.abort.signal,
    })
  })
}

/** Goes on with the answers that were arriving when the page was loaded anew: the worker has read on. */
export async function resumeAnswers(): Promise<void> {
  // Not those that are asked for meanwhile.
  const left = unfinished()
  await ready
  const worker = keeper.peek()
  const streams = (await worker?.streams().catch(() => [])) ?? []
  for (const { requestId, conversation, message, createdAt } of left) {
    const stream = streams.find((each) => each.requestId === requestId)
    if (!stream || !worker || hasMessage(conversation, message) || runs.peek().has(conversation)) {
      forget(requestId)
      continue
    }
    void arrive(conversation, { id: message, createdAt }, async (run) => {
      run.requestId = requestId
      // Its latest status, a wait perhaps, was told before this page came.
      const request = worker.getSnapshot().requests.find((each) => each.requestId === requestId)
      if (request) run.hear(request.status)
      return streamChat(stream.url, {
        body: null,
        headers: worker.headers(requestId),
        fetch: () => worker.attach(requestId),
        signal: run.abort.signal,
      })
    })
  }
}

/** Shows an answer that another device has begun. */
export function followAnswer(
  conversation: string,
  message: { id: string; createdAt: number },
  kept: string,
  open: (signal: AbortSignal) => AsyncIterable<unknown>,
): Promise<void> {
  return arrive(conversation, message, async (run) => {
    run.kept = kept
    return open(run.abort.signal)
  })
}

/** Shows an answer while it arrives, and keeps it. */
async function arrive(
  conversation: string,
  { id, createdAt }: { id: string; createdAt: number },
  begin: (run: Run) => Promise<AsyncIterable<unknown>>,
): Promise<void> {
  const message = createMessage(
    { id, conversation, role: 'assistant', content: '', createdAt },
    { state: 'streaming', saved: 'unsaved' },
  )
  const run: Run = { message, abort: new AbortController(), requestId: null, kept: null, hear: () => {} }
  addMessage(message)
  runs.value = new Map(runs.peek()).set(conversation, run)
  try {
    await receive(run, begin)
  } finally {
    const rest = new Map(runs.peek())
    rest.delete(conversation)
    runs.value = rest
  }
  void keep(run)
}

/** Saves what has arrived. A page that goes before that is done leaves it to the next one. */
async function keep({ message, requestId }: Run): Promise<void> {
  const hasText = message.content.peek() !== ''
  // A part is kept too, marked as one: a reload must neither lose it nor make it look whole.
  if (hasText) await saveMessage(message)
  if (requestId && !(hasText && message.saved.peek() === 'unsaved')) forget(requestId)
}

async function receive(run: Run, begin: (run: Run) => Promise<AsyncIterable<unknown>>): Promise<void> {
  const { message, abort } = run
  const activity = activityOf(message.conversation)
  const content = createLiveText(message.content)
  const reasoning = createLiveText(message.reasoning)
  const startedAt = Date.now()
  let firstWordAt = 0
  let finish: Delta['finish'] = null
  const ends: { finished?: StatusOf<'request_finished'>; failed?: StatusOf<'request_failed'> } = {}
  let thrown: unknown

  run.hear = (status) => {
    if (!run.requestId && 'requestId' in status && status.requestId) {
      run.requestId = status.requestId
      const { conversation, id, createdAt } = message
      remember({ requestId: run.requestId, conversation, message: id, createdAt })
    }
    if (status.status === 'request_finished') ends.finished = status
    if (status.status === 'request_failed') ends.failed = status
    follow(message.conversation, status)
  }

  activity.value = { kind: 'sending', since: startedAt }
  try {
    for await (const item of await begin(run)) {
      if (isStatus(item)) {
        run.hear(item)
        continue
      }
      const delta = readChunk(item)
      if (delta.content || delta.reasoning) firstWordAt ||= Date.now()
      if (delta.content && activity.peek().kind !== 'answering') activity.value = { kind: 'answering' }
      else if (delta.reasoning && activity.peek().kind !== 'thinking')
        activity.value = { kind: 'thinking', since: startedAt, reasoning: true }
      content.add(delta.content)
      reasoning.add(delta.reasoning)
      finish = delta.finish ?? finish
    }
  } catch (error) {
    thrown = error
  }
  content.flush()
  reasoning.flush()

  if (abort.signal.aborted) {
    message.state.value = 'stopped'
    activity.value = { kind: 'stopped' }
    announce('Stopped')
    return
  }
  const begun = message.content.peek() !== '' || message.reasoning.peek() !== ''
  const { finished, failed = null } = ends
  const problem = problemOf({ failed, thrown, finish, complete: finished !== undefined, begun })
  message.problem.value = problem
  if (problem) {
    message.state.value = begun ? 'cut' : 'failed'
    activity.value = { kind: 'failed' }
    return
  }
  message.state.value = 'complete'
  activity.value = {
    kind: 'done',
    firstWordMs: finished?.ttftMs ?? (firstWordAt || Date.now()) - startedAt,
    durationMs: finished?.durationMs ?? Date.now() - startedAt,
    attempts: finished?.attempts ?? 1,
  }
  announce('The answer is complete')
}

const ALOUD = new Set<Activity['kind']>(['retrying', 'held_back', 'offline', 'stalled', 'resuming'])

/** Shows a status; those that make the reader wait are also said aloud, once each. */
function follow(conversation: string, status: Status): void {
  const activity = activityOf(conversation)
  const next = nextActivity(activity.peek(), status)
  if (next === activity.peek()) return
  activity.value = next
  if (ALOUD.has(next.kind)) announce(tellActivity(next, Date.now()))
}

/** The model's input: every question with the response that is shown. A failed response does not count. */
function contextOf(conversation: string): { role: string; content: string }[] {
  const thread = threadOf(conversation)
  const turns = turnsOf(thread.messages.peek())
  return turns.flatMap((turn, index) => {
    const given = index < turns.length - 1 ? shownAnswer(thread, turn) : undefined
    return [turn.question, given].flatMap((message) =>
      message?.content.peek() ? [{ role: message.role, content: message.content.peek() }] : [],
    )
  })
}
