import { writeFile, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ENGINES, type Engine } from '../engines/engine.ts'
import { hasEngine, INSTALL } from '../engines/find-engine.ts'
import type { Site } from './build-site.ts'
import { openInEngine } from './open-in-engine.ts'
import { type Report, reportTable, WORKERS } from './report.ts'
import { startPromiseServer } from './start-promise-server.ts'

const DOCS = resolve(import.meta.dirname, '../../docs/promises.md')

const NAMES: Record<Engine, string> = { chromium: 'Chromium', firefox: 'Firefox', webkit: 'WebKit' }

/** Opens the page in every engine that is installed, with all workers, and prints a table for each. */
export async function reportEngines(site: Site, { isLong }: { isLong: boolean }): Promise<void> {
  for (const engine of ENGINES) {
    if (!hasEngine(engine)) {
      console.log(`${NAMES[engine]} is not installed: ${INSTALL[engine]}\n`)
      continue
    }
    const report = await reportOf(engine, site, `?worker=${WORKERS.join()}${isLong ? '&long' : ''}`)
    const text = reportTable(report)
    console.log(`## ${NAMES[engine]}\n\n${text}\n`)
    if (process.env.WRITE_DOCS) await writeDocs(NAMES[engine], text)
  }
}

/** The page's report from an engine. */
export async function reportOf(engine: Engine, site: Site, query: string): Promise<Report> {
  const posted = Promise.withResolvers<Report>()
  const server = await startPromiseServer({ site, onReport: posted.resolve })
  try {
    const close = await openInEngine(engine, `http://127.0.0.1:${server.port}/${query}`)
    try {
      return await posted.promise
    } finally {
      await close()
    }
  } finally {
    await server.close()
  }
}

/** Puts the text between the engine’s marks. */
async function writeDocs(name: string, text: string): Promise<void> {
  const docs = await readFile(DOCS, 'utf8')
  const marks = new RegExp(`(<!-- table: ${name} -->\n)[^]*?(\n<!-- end -->)`)
  if (!marks.test(docs)) throw new Error(`Cannot find the table of ${name} in ${DOCS}`)
  await writeFile(
    DOCS,
    docs.replace(marks, (_all, before: string, after: string) => `${before}\n${text}\n${after}`),
  )
}
