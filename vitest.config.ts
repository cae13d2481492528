import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import SlowFirst from './tests/slow-first.js'

export default defineConfig({
  resolve: {
    // tests of the backend itself start its worker, which exists only as built code
    alias: {
      '@saeval/lm-backend-onnx': fileURLToPath(new URL('packages/lm-backend-onnx/dist/index.js', import.meta.url)),
    },
  },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    // what saeval keeps for the next run, out of the user's own cache
    env: { SAEVAL_CACHE: fileURLToPath(new URL('node_modules/.cache/saeval', import.meta.url)) },
    // what is built needs no transforming
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    setupFiles: env.PASSED_REPORT === undefined ? [] : ['./tests/skip-passed.ts'],
    // CI counts what the JSON file says
    reporters: ['default', './tests/skipped-reporter.ts', ...(env.TEST_REPORT === undefined ? [] : ['json'])],
    outputFile: { json: env.TEST_REPORT ?? '' },
  },
})
