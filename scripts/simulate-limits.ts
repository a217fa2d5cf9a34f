import {
  coolsDown,
  isDown,
  type Simulated,
  type Simulation,
  simulateTabs,
} from '../core/testing/simulate-tabs.ts'

// Prints what twenty tabs cost an upstream in trouble, on a fake clock: `npm run simulate`.

const SCENES: readonly [name: string, scene: Pick<Simulation, 'apartMs' | 'upstream'>][] = [
  ['429, `Retry-After: 5`', { apartMs: 100, upstream: coolsDown(5) }],
  ['503 for 60 s', { apartMs: 100, upstream: isDown(60_000) }],
  ['503 for 60 s', { apartMs: 4_000, upstream: isDown(60_000) }],
  ['502 for 60 s', { apartMs: 100, upstream: isDown(60_000, 502) }],
  ['502 for 60 s', { apartMs: 4_000, upstream: isDown(60_000, 502) }],
]

const COLUMNS = [
  '20 tabs meet',
  'one every',
  'limits',
  'requests',
  'in the first 5 s',
  'retries in all',
  'the first 20 after 5 s come within',
  'tabs served',
]

function row({ arrivals, retries, replied }: Simulated): string[] {
  const early = arrivals.filter((at) => at < 5_000).length
  const late = arrivals.slice(early, early + 20)
  const withinMs = (late.at(-1) ?? 0) - (late[0] ?? 0)
  return [arrivals.length, early, retries, `${withinMs} ms`, replied].map(String)
}

const rows: string[][] = [COLUMNS, COLUMNS.map(() => '---')]
for (const [name, scene] of SCENES) {
  for (const shared of [false, true]) {
    const simulated = await simulateTabs({ tabs: 20, forMs: 300_000, ...scene, shared })
    rows.push([name, `${scene.apartMs} ms`, shared ? 'shared' : 'each its own', ...row(simulated)])
  }
}
process.stdout.write(rows.map((cells) => `| ${cells.join(' | ')} |\n`).join(''))
