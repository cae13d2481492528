import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { lavapipe, needsLavapipe } from '../../../../tests/devices.js'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { modelSpec } from '../spec/model-families.js'
import { beyondFloat16 } from './beyond-float16.js'
import { openCheckpoint } from './checkpoint.js'
import { float16Loss } from './float16-loss.js'
import { matchWeights } from './model-weights.js'

const demo = fileURLToPath(new URL('../../../../examples/demo/model', import.meta.url))
const library = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
const matrix = 'model.layers.1.mlp.up_proj.weight'
const vector = 'model.layers.1.input_layernorm.weight'

/** The demo model, whose weights are bfloat16, with other bits at the beginning of some tensors. */
async function changed(bits: Readonly<Record<string, readonly number[]>>): Promise<string> {
  const folder = join(temporaryFolder(), 'model')
  cpSync(demo, folder, { recursive: true })
  const path = join(folder, 'model.safetensors')
  const { tensors } = await openCheckpoint([path])
  const bytes = readFileSync(path)
  for (const [name, numbers] of Object.entries(bits))
    for (const [index, number] of numbers.entries()) bytes.writeUInt16LE(number, tensors.get(name)!.offset + 2 * index)
  writeFileSync(path, bytes)
  return folder
}

async function looked(folder: string) {
  const checkpoint = await openCheckpoint([join(folder, 'model.safetensors')])
  const spec = modelSpec('config.json', readFileSync(join(folder, 'config.json'), 'utf8'))
  const stored = matchWeights(spec, checkpoint, 'demo')
  const told: string[] = []
  const notice = (line: unknown) => {
    told.push(String(line))
  }
  const kept = await beyondFloat16({ spec, stored, precision: 'float32', modelName: 'demo', notice })
  return { kept: [...kept], told, loss: await float16Loss(checkpoint.folder, checkpoint.tensors.get(matrix)!) }
}

// 99840, infinity, -65536; 2^-24 and 255 * 2^-31, which lies between two numbers of float16; 65280, float16's last of them
const beyond = [0x47c3, 0x7f80, 0xc780]
const small = [0x3380, 0x34ff, 0x477f]

it('finds matrices with numbers beyond float16, which stay float32, and says what is rounded', async () => {
  const before = await looked(demo)
  expect(before.kept).toEqual([])
  const rounded = Number(/as float16; (\d+) of/.exec(before.told.join())?.[1] ?? 0)
  // vectors are float32 anyway
  const after = await looked(await changed({ [matrix]: [...beyond, ...small], [vector]: beyond }))
  expect(after.kept).toEqual([[matrix, 'float32']])
  expect(after.told[0]).toBe(`demo: ${matrix} hold numbers beyond float16 and are float32 on the device`)
  // infinity is itself in float16
  expect(after.loss.beyond).toBe(2)
  const only = await looked(await changed({ [matrix]: small }))
  expect(only.loss).toEqual({ beyond: 0, rounded: before.loss.rounded + 1 })
  expect(only.told.join()).toContain(`as float16; ${rounded + 1} of `)
})

it('computes with such a matrix as the CPU does', needsLavapipe, async () => {
  const folder = await changed({ [matrix]: [0x47c3] })
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
      import { loadModel } from ${JSON.stringify(library)}
      const found = []
      for (const device of ['cpu', 'webgpu']) {
        const told = []
        const notice = (text) => told.push(text)
        const model = await loadModel({ model: ${JSON.stringify(folder)}, device, notice })
        const [{ logprobs }] = await model.scoreTokens([{ ids: [5, 17, 42, 7], predictions: [{ position: 2, token: 7 }] }])
        found.push({ logprob: logprobs[0], told })
        await model.close()
      }
      console.log(JSON.stringify(found))
      `,
    ],
    { encoding: 'utf8', env: { ...process.env, ...lavapipe } },
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const [cpu, webgpu] = JSON.parse(stdout)
  expect(webgpu.logprob).toBeCloseTo(cpu.logprob, 4)
  expect(cpu.told).toEqual([])
  expect(webgpu.told.join()).toContain('beyond float16')
})
