import { sqliteStore } from '../node/sqlite-store.ts'

// Fills a file that may not grow beyond a limit, and prints what the store has said it wrote, and has not:
// `node fill-sqlite.ts <path>`

process.on('SIGXFSZ', () => {})
const store = sqliteStore(process.argv[2] ?? '')
const untrue: string[] = []
let isFull = false
const add = (id: string) =>
  store.create({ id, owner: 'ann', key: id, info: 'x'.repeat(3_000), ttlMs: 60_000 })
await add('a')

for (const bytes of [40_000, 100]) {
  for (let round = 0; round < 200; round++) {
    const { version = 0 } = (await store.read('a', 0, 0)) ?? {}
    const isWritten = await store.write('a', version, { bytes: new Uint8Array(bytes) }).catch(() => false)
    if (isWritten) continue
    isFull = true
    break
  }
}
for (let round = 0; round < 50; round++) {
  const before = (await store.read('a', 0, 0))?.version ?? 0
  const info = 'x'.repeat(3_000 + round)
  const isWritten = await store.write('a', before, { info }).catch(() => false)
  if (isWritten && (await store.read('a', 0, 0))?.version === before) untrue.push(`write ${round}`)
  const isAdded = await add(`b${round}`).catch(() => undefined)
  if (isAdded && !(await store.read(`b${round}`, 0, 0))) untrue.push(`create ${round}`)
}
console.log(JSON.stringify({ isFull, untrue }))
