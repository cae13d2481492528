import { defineConfig } from 'vitest/config'

// tests that need the network; `pnpm test` leaves them out
export default defineConfig({ test: { include: ['packages/*/src/**/*.online.test.ts'], testTimeout: 300_000 } })
