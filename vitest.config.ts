import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    // The conformance tests bring a Vitest of their own, which would not know that it is run.
    dedupe: ['vitest'],
    alias: [
      { find: /^streamkeeper$/, replacement: resolve('client/index.ts') },
      { find: /^streamkeeper\/ui$/, replacement: resolve('ui/index.ts') },
    ],
  },
  test: {
    include: [`${process.env.ROOM ?? '{core,sw,client,server,ui,cli,demo,e2e,bench,scripts}'}/**/*.test.ts`],
    testTimeout: 20_000,
    server: { deps: { inline: ['@durable-streams/server-conformance-tests'] } },
  },
})
