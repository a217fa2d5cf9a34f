import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measurePolicies } from './measure-policies.ts'

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

const HELP = `Simulates what retry policies make of the same month of chats; prints Markdown tables.

  npm run bench:policies -- [options]

  --quick  1 000 chats of one seed: whether it runs, not what it says
  --help
`

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
})

if (values.help) console.log(HELP)
else {
  const { text, measured, plots } = await measurePolicies(values.quick ? [1] : SEEDS, values.quick)
  console.log(text)
  const folder = join(import.meta.dirname, '../results')
  await mkdir(folder, { recursive: true })
  const name = join(folder, `${new Date().toISOString().slice(0, 19).replaceAll(':', '')}-policies`)
  await writeFile(`${name}.md`, text)
  await writeFile(`${name}.json`, JSON.stringify(measured, null, 1))
  for (const [plot, svg] of Object.entries(plots)) await writeFile(`${name}-${plot}.svg`, svg)
}
