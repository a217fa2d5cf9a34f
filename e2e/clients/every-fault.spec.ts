import { FAULTS } from '../../demo/server/faults.ts'
import { test } from '../support/test.ts'
import { writeTable } from './docs.ts'
import { isDocumented, meetFaults } from './meet-faults.ts'

for (const where of ['same origin', 'another origin'] as const) {
  test(`every client meets every fault: ${where}`, async ({ tab, site }) => {
    test.setTimeout(900_000)
    const table = await meetFaults({ tab, site, where, faults: FAULTS })
    if (process.env.WRITE_DOCS) await writeTable(where, table)
    await isDocumented(where, table)
  })
}
