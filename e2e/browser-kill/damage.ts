import {
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  openSync,
  writeSync,
  closeSync,
} from 'node:fs'
import { join } from 'node:path'

/** Ways in which Chromium's database files have been found after a crash, or worse. */
export const DAMAGES = ['gone', 'no CURRENT', 'cut MANIFEST', 'cut log', 'no log', 'scribbled'] as const

export type Damage = (typeof DAMAGES)[number]

/** Damages the files of IndexedDB in a profile that no browser has open; whether there were any. The rest stays. */
export function damageIndexedDb(profile: string, damage: Damage): boolean {
  const root = join(profile, 'Default', 'IndexedDB')
  const folders = list(root).filter((name) => name.endsWith('.leveldb'))
  for (const folder of folders) {
    const path = join(root, folder)
    const files = (part: string) => list(path).filter((name) => name.includes(part))
    switch (damage) {
      case 'gone':
        rmSync(path, { recursive: true })
        break
      case 'no CURRENT':
        rmSync(join(path, 'CURRENT'), { force: true })
        break
      case 'cut MANIFEST':
        for (const name of files('MANIFEST')) cut(join(path, name))
        break
      case 'cut log':
        for (const name of files('.log')) cut(join(path, name))
        break
      case 'no log':
        for (const name of files('.log')) writeFileSync(join(path, name), '')
        break
      case 'scribbled':
        for (const name of [...files('.ldb'), ...files('.log')]) scribble(join(path, name))
        break
    }
  }
  return folders.length > 0
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // There is none (any more).
  }
}

function cut(path: string): void {
  truncateSync(path, Math.floor(statSync(path).size / 2))
}

/** Writes over a few bytes in the middle. */
function scribble(path: string): void {
  const { size } = statSync(path)
  if (size === 0) return
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(64, 0xa5), 0, Math.min(64, size), Math.floor(size / 2))
  closeSync(file)
}
