import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { renderUnicodeCompact } from 'uqr'
import { buildSite } from './build-site.ts'
import { reportEngines } from './report-engines.ts'
import { type Report, reportTable } from './report.ts'
import { startPromiseServer } from './start-promise-server.ts'

// npm run promises -- [options]: serves the promise page. With --report it opens the page in every
// installed engine itself, and prints what it finds.

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8788' },
    /** Files of a certificate of one's own, and of its key. */
    cert: { type: 'string' },
    key: { type: 'string' },
    /** Where the page is reached, if not where it is served: behind a tunnel. */
    origin: { type: 'string' },
    /** The folder of the reports. */
    out: { type: 'string', default: 'test-results/promises' },
    report: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
  },
})

const site = await buildSite()
if (values.report) await reportEngines(site, { isLong: values.long })
else await serve()

async function serve(): Promise<void> {
  const { host, port, cert, key, origin } = values
  if ((cert === undefined) !== (key === undefined)) throw new TypeError('--cert and --key go together')
  const tls = cert && key ? { cert: await readFile(cert), key: await readFile(key) } : undefined
  const server = await startPromiseServer({ site, host, port: Number(port), tls, onReport: writeReport })
  const scheme = tls ? 'https' : 'http'
  const urls = origin ? [origin] : namesOf(host).map((name) => `${scheme}://${name}:${server.port}`)
  const more = values.long ? '?long' : ''
  for (const url of urls)
    console.log(`\n${renderUnicodeCompact(`${url}/${more}`, { border: 2 })}\n\n${url}/${more}`)
  if (!tls && !origin && !urls.some((url) => url.includes('//127.0.0.1:')))
    console.log('\nOther machines need https for a worker: --cert and --key, or a tunnel and --origin.')
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close())
}

/** Prints a report, and keeps it as JSON and as Markdown. */
async function writeReport(report: Report): Promise<void> {
  const folder = resolve(values.out)
  const name = `promises-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
  const table = reportTable(report)
  await mkdir(folder, { recursive: true })
  await writeFile(resolve(folder, `${name}.json`), `${JSON.stringify(report, null, 2)}\n`)
  await writeFile(resolve(folder, `${name}.md`), `${table}\n`)
  console.log(`\n${table}\n\n${resolve(folder, name)}.{json,md}`)
}

/** How others reach an address: one that stands for all of them has as many names as the machine. */
function namesOf(host: string): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [host.includes(':') ? `[${host}]` : host]
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return addresses
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
}
