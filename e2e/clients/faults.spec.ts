import { FAULTS } from '../../demo/server/faults.ts'
import { test } from '../support/test.ts'
import { isDocumented, meetFaults } from './meet-faults.ts'

/** The faults that tell the most; all of them are met by a command of its own. */
const TELLING = new Set(['bad-day', 'cut-short', 'error-at-once', 'login-page'])

test('every client meets the faults that tell the most', async ({ tab, site }) => {
  test.setTimeout(180_000)
  const faults = FAULTS.filter(({ name }) => TELLING.has(name))
  await isDocumented('same origin', await meetFaults({ tab, site, where: 'same origin', faults }))
})
