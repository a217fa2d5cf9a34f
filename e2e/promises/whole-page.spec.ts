import { engine } from '../engines/engine.ts'
import { expect, test } from '../support/test.ts'
import { buildSite } from './build-site.ts'
import { reportOf } from './report-engines.ts'

test('every promise of the page is kept, but for those that its browser cannot test', async () => {
  test.setTimeout(400_000)
  const { rows } = await reportOf(engine, await buildSite(), '?worker=streamkeeper&long')
  const broken = rows.filter(({ results }) => results.streamkeeper?.verdict === 'broken')
  expect(broken).toEqual([])
  const kept = rows.filter(({ results }) => results.streamkeeper?.verdict === 'kept')
  expect(kept.length).toBeGreaterThan(rows.length - 3)
})
