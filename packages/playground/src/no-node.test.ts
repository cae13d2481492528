import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { bundle } from '../scripts/bundle-for-browser.mjs'

const folder = mkdtempSync(join(tmpdir(), 'saeval-bundle-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const dist = fileURLToPath(new URL('../dist/browser', import.meta.url))

// what a page uses of the packages: hub, python, sae-core, language-model, steering-csv, tokenizer, lm-backend-onnx, steering
it.each(['worker/worker.js', 'page/main.js'])('%s needs nothing of Node', async (file) => {
  expect((await bundle(join(dist, file))).length).toBeGreaterThan(1000)
})

it('an import of Node is named, with who imports it', async () => {
  const entry = join(folder, 'entry.js')
  writeFileSync(entry, "import { helper } from './helper.js'\nhelper()\n")
  writeFileSync(
    join(folder, 'helper.js'),
    "import { readFileSync } from 'node:fs'\nexport const helper = () => readFileSync('x')\n",
  )
  await expect(bundle(entry)).rejects.toThrow(/helper\.js imports node:fs/)
})
