import { engine } from '../engines/engine.ts'
import { expect, test } from '../support/test.ts'
import { buildSite } from './build-site.ts'
import { reportOf } from './report-engines.ts'
import type { Report, WorkerName } from './report.ts'

/** One promise of each kind that needs no long wait. */
const SOME = 'whole,own-protocol,cut-politely,stop,save-answered'

test('the promise page, without a driver, finds promises kept, and broken by a worker that only relays', async () => {
  test.setTimeout(90_000)
  const report = await reportOf(engine, await buildSite(), `?worker=relay,streamkeeper&only=${SOME}`)
  expect(verdictsOf(report, 'streamkeeper')).toEqual(new Set(['kept']))
  expect(verdictsOf(report, 'relay')).toContain('broken')
  expect(report.rows.map(({ id }) => id).toSorted()).toEqual(SOME.split(',').toSorted())
})

function verdictsOf({ rows }: Report, worker: WorkerName) {
  return new Set(rows.map(({ results }) => results[worker]?.verdict))
}
