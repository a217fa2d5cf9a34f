import { expect, test } from 'vitest'
import { readCopy, recipeCopies } from './share-recipe-files.ts'

test.each(recipeCopies())('$path is what react-status has: node scripts/share-recipe-files.ts', (copy) => {
  const isCode = copy.path.endsWith('.js')
  const bare = (text: string) => (isCode ? text.replace(/\s|,(?=\s*[)}\]])|[()]/g, '') : text)
  expect(bare(readCopy(copy))).toBe(bare(copy.text))
})
