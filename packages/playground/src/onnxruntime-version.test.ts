import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { repository } from '../../../tests/fixtures.js'

const workspace = readFileSync(join(repository, 'pnpm-workspace.yaml'), 'utf8')
const version = /^ {2}onnxruntime-common: (\S+)$/m.exec(workspace)?.[1]

it.each(['wasm.js', 'webgpu.js'])('onnxruntime/%s is of the version that Node computes with', (name) => {
  const file = openSync(join(repository, 'packages/playground/onnxruntime', name), 'r')
  const start = Buffer.alloc(100)
  readSync(file, start)
  closeSync(file)
  expect(version).toMatch(/^\d+\.\d+\.\d+/)
  expect(start.toString().split('\n')[0], 'scripts/take-onnxruntime.mjs takes it anew').toBe(
    `// onnxruntime-web ${version}`,
  )
})
