import { sqliteStore } from '../node/sqlite-store.ts'

// One of several processes that open the same new files at the same moments: `node open-sqlite.ts <at> <path>…`

const STEP_MS = 30
const [at, ...paths] = process.argv.slice(2)
const faults: string[] = []
for (const [index, path] of paths.entries()) {
  while (Date.now() < Number(at) + index * STEP_MS); // A timer would not be as exact.
  try {
    const store = sqliteStore(path)
    await store.create({ id: `${process.pid}`, owner: 'ann', info: '{}', ttlMs: 60_000 })
    store.close()
  } catch (error) {
    faults.push(String(error))
  }
}
console.log(JSON.stringify(faults))
