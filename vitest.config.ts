import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    alias: [
      { find: /^streamkeeper$/, replacement: resolve('client/index.ts') },
      { find: /^streamkeeper\/ui$/, replacement: resolve('ui/index.ts') },
    ],
  },
  test: {
    include: ['{core,sw,client,ui,cli,demo,e2e,bench,scripts}/**/*.test.ts'],
    testTimeout: 20_000,
  },
})
