import { effect, signal } from '@preact/signals'
import { keeper } from './keeper.ts'

/** True if the user has signed in to the history server since it asked. The demo's token is the same for all. */
export const isSignedIn = signal(false)

export function signInHeader(): Record<string, string> {
  return isSignedIn.peek() ? { Authorization: 'Bearer demo-token' } : {}
}

/** Lets the worker ask this page for what a waiting message needs; before the sign-in there is nothing to give. */
export function answerAuthQuestions(): void {
  effect(() => {
    keeper.value?.provideAuth(() => (isSignedIn.peek() ? signInHeader() : null))
  })
}
