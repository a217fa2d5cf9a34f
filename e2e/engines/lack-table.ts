import { LACKS } from './lacks.ts'

/** The list of what is not run as docs/browsers.md shows it: one row for each reason. */
export function lackTable(): string {
  const rows = new Map<string, string[]>()
  for (const { engines, spec, tests, why } of LACKS) {
    const key = `| ${engines.map((engine) => NAMES[engine]).join(', ')} | ${why} |`
    const all = tests?.map((title) => `${spec}: “${title} …”`) ?? [spec]
    rows.set(key, [...(rows.get(key) ?? []), ...all])
  }
  return [
    '| engine | why | tests |',
    '| --- | --- | --- |',
    ...Array.from(rows, ([key, tests]) => `${key} ${tests.join('; ')} |`),
  ].join('\n')
}

const NAMES = { chromium: 'Chromium', firefox: 'Firefox', webkit: 'WebKit' }
