import { defineConfig } from 'vitest/config'

export default defineConfig({
  // The conformance tests bring a Vitest of their own, which would not know that it is run.
  resolve: { dedupe: ['vitest'] },
  test: {
    include: ['{core,sw,client,server,demo,e2e,bench,scripts}/**/*.test.ts'],
    testTimeout: 20_000,
    server: { deps: { inline: ['@durable-streams/server-conformance-tests'] } },
  },
})
