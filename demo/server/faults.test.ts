import { expect, test } from 'vitest'
import { FAULTS } from './faults.ts'
import { checkFault } from './provider/check-fault.ts'

test('every fault of the menu is one the provider takes, and has a name of its own', () => {
  for (const { steps } of FAULTS) expect(checkFault({ id: 'menu', steps })).toBeUndefined()
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length)
})

test.each([
  [{ steps: [{ kind: 'explode' }] }, 'kind is "explode"'],
  [{ steps: [{ kind: 'answer', pauze: [] }] }, 'unknown field pauze'],
  [{ steps: [{ kind: 'answer', cut: { by: 'magic' } }] }, 'cut.by must be'],
  [{ steps: [{ kind: 'answer', chunking: 0 }] }, 'chunking must be'],
  [{ steps: [{ kind: 'answer', pauses: [{ ms: 'soon' }] }] }, "a number or 'forever'"],
  [{ steps: [{ kind: 'status', status: 99 }] }, 'from 200 to 599'],
  [{ steps: {} }, 'expected an array'],
  [{ steps: [], id: 'two words' }, 'Invalid fault.id'],
])('a fault that is misspelt is refused: %j', (fault, message) => {
  expect(checkFault(fault)).toContain(message)
})
