import { createHash } from 'node:crypto'
import { expect } from '@playwright/test'
import type { AnyCall, App, HowToCall } from './app.ts'
import type { ScriptedProvider } from './scripted-provider.ts'

/** The URL pattern of one of the scripted provider's paths; a query matches anyhow. */
export function patternOf(provider: ScriptedProvider, path: string): string {
  const { origin, pathname } = new URL(path, provider.url)
  return origin + pathname.replaceAll(':', String.raw`\:`)
}

/**
 * Sends a chat request to the scripted provider; `more` goes into its body. No two are equal: one that repeats a failed
 * one is a caller's own retry, and gets one attempt.
 */
export function ask(
  app: App,
  url: string,
  more: Record<string, unknown> = {},
  by?: HowToCall['by'],
  headers: Record<string, string> = {},
): Promise<AnyCall> {
  const body = JSON.stringify({
    model: 'demo-small',
    stream: true,
    messages: [],
    turn: crypto.randomUUID(),
    ...more,
  })
  return app.call(url, { headers: { 'Content-Type': 'application/json', ...headers }, body }, by)
}

/** The text that the page has read so far. */
export async function textOf(call: AnyCall): Promise<string> {
  return (await call.now()).chunks.map(({ text }) => text).join('')
}

/** Waits until the page has read exactly so much: what a reset overtakes is lost. */
export async function received(call: AnyCall, text: string): Promise<void> {
  await expect.poll(() => textOf(call), { intervals: [20] }).toBe(text)
}

/** Of a body's pieces, as a `Call` has it. */
export function digestOf(...pieces: (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}
