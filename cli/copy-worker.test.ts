import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkCopy, putWorker } from './copy-worker.ts'

const WORKER = '/*! streamkeeper 9.9.9 | MIT */\nself.works = true\n'
const RETIRING = `self.streamkeeperRetires = true\n${WORKER}`

let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'streamkeeper-public-'))
  file = join(folder, 'streamkeeper-sw.js')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const installed = () => Promise.resolve(WORKER)
const put = (how: { retire?: boolean; force?: boolean } = {}) =>
  putWorker(folder, { retire: false, force: false, ...how }, installed)
const check = () => checkCopy(folder, installed)
const copy = () => readFile(file, 'utf8')
const withCrlf = (text: string) => text.replaceAll('\n', '\r\n')

test('the worker is copied, and copied again over an older one', async () => {
  await writeFile(file, WORKER.replace('9.9.9', '0.1.0'))
  for (let run = 0; run < 2; run++) {
    expect(await put()).toMatchObject({ ok: true, text: expect.stringContaining('is streamkeeper 9.9.9') })
    expect(await copy()).toBe(WORKER)
  }
  expect(await readdir(folder)).toEqual(['streamkeeper-sw.js'])
})

test.each([
  ['as it was written', RETIRING],
  ['of an older version', RETIRING.replace('9.9.9', '0.1.0')],
  ['with CRLF', withCrlf(RETIRING)],
])('a retiring worker %s is replaced by the live one only by force', async (_how, text) => {
  await writeFile(file, text)
  const refusal = { ok: false, text: expect.stringMatching(/is the retiring worker; --force/) as string }
  expect(await put()).toEqual(refusal)
  expect(await copy()).toBe(text)
  expect(await put({ force: true })).toMatchObject({ ok: true })
  expect(await copy()).toBe(WORKER)
})

test.each([undefined, WORKER, withCrlf(WORKER), RETIRING, withCrlf(RETIRING)])(
  '--retire writes the retiring worker over %j, and names what would put the live one back',
  async (text) => {
    if (text !== undefined) await writeFile(file, text)
    const outcome = await put({ retire: true })
    expect(outcome).toMatchObject({ ok: true, text: expect.stringContaining('is now the retiring worker') })
    expect(outcome.text).toContain('streamkeeper init')
    expect(outcome.text).toContain('streamkeeper/vite')
    expect(await copy()).toBe(RETIRING)
  },
)

test.each([
  [WORKER, true, 'is streamkeeper 9.9.9, as installed'],
  [withCrlf(WORKER), true, 'is streamkeeper 9.9.9, as installed'],
  [RETIRING, true, 'is the retiring worker, as installed'],
  [withCrlf(RETIRING), true, 'is the retiring worker, as installed'],
  [WORKER.replace('9.9.9', '0.1.0'), false, 'is streamkeeper 0.1.0, installed is 9.9.9; run: '],
  [`${WORKER}mine()\n`, false, 'is changed; run: '],
  ['theirs()\n', false, "is not streamkeeper's"],
])('--check of %j: %s, %s', async (text, ok, said) => {
  await writeFile(file, text)
  expect(await check()).toEqual({ ok, text: expect.stringContaining(said) })
})

test('--check of an older retiring worker names the command that updates it', async () => {
  await writeFile(file, RETIRING.replace('9.9.9', '0.1.0'))
  expect(await check()).toEqual({ ok: false, text: expect.stringMatching(/run: .* --retire$/) })
})

test('another file of that name is replaced only by force', async () => {
  await writeFile(file, 'theirs()\n')
  for (const retire of [false, true]) {
    expect(await put({ retire })).toEqual({ ok: false, text: expect.stringContaining("not streamkeeper's") })
  }
  expect(await copy()).toBe('theirs()\n')
  expect(await put({ force: true })).toMatchObject({ ok: true })
})

test('a folder in its place is named', async () => {
  await mkdir(file)
  const said = { ok: false, text: expect.stringMatching(/streamkeeper-sw\.js is a folder$/) as string }
  for (const force of [false, true]) expect(await put({ force })).toEqual(said)
  expect(await check()).toEqual(said)
  expect(await readdir(folder)).toEqual(['streamkeeper-sw.js'])
})
