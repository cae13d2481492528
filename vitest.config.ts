import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import SlowFirst from './tests/slow-first.js'

const tests = ['packages/*/src/**/*.test.ts', 'tests/**/*.test.ts']
const together = ['sae-core', 'tokenizer', 'steering-csv', 'language-model', 'eval-harness'].map(
  (name) => `packages/${name}/src/**/*.test.ts`,
)

export default defineConfig({
  resolve: {
    // tests of the backend itself start its worker, which exists only as built code
    alias: {
      '@saeval/lm-backend-onnx': fileURLToPath(new URL('packages/lm-backend-onnx/dist/index.js', import.meta.url)),
    },
  },
  test: {
    exclude: ['**/node_modules/**'],
    projects: [
      // a process for each file costs more than these tests: files that change nothing of their process share one
      { extends: true, test: { name: 'together', isolate: false, include: together } },
      { extends: true, test: { name: 'apart', include: tests, exclude: ['**/node_modules/**', ...together] } },
    ],
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
