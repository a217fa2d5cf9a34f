import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkHistory } from './check-history.ts'
import { fromLines } from './history.ts'

// Checks the histories that an endurance run has left in a folder: node e2e/history/check.ts <folder>

const [, , folder = 'test-results/histories'] = process.argv
const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
let isSound = files.length > 0
for (const name of files) {
  const events = fromLines(readFileSync(join(folder, name), 'utf8'))
  const faults = checkHistory(events)
  console.log(`${name}: ${events.length} events, ${faults.length} faults`)
  for (const fault of faults) console.log(`  ${fault}`)
  isSound &&= faults.length === 0
}
if (!isSound) process.exitCode = 1
