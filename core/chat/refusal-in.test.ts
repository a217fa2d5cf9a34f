import { expect, test } from 'vitest'
import { refusalIn } from './refusal-in.ts'

test.each([
  ['OpenAI chat', { error: { message: 'no' } }, { message: 'no' }],
  ['OpenAI Responses', { status: 'failed', error: { code: 'x' }, output: [] }, { code: 'x' }],
  ['Anthropic', { type: 'error', error: { type: 'overloaded_error' } }, { type: 'overloaded_error' }],
  ['Ollama', { error: 'model not found' }, 'model not found'],
  ['an answer with an error in it', { error: { message: 'no' }, choices: [{}] }, undefined],
  ['an answer without one', { error: null, output: [{}] }, undefined],
  ['a list', [{ error: 'no' }], undefined],
  ['a number', 42, undefined],
])('refusalIn() finds the error of %s where there is nothing else', (_name, value, error) => {
  expect(refusalIn(JSON.stringify(value))).toEqual(error)
})

test('refusalIn() finds none in a text that is no JSON', () => {
  expect(refusalIn('data: {"error":{}}')).toBeUndefined()
})
