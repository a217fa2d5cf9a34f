import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{core,sw,client,server,demo,e2e,bench,scripts}/**/*.test.ts'],
    testTimeout: 20_000,
  },
})
