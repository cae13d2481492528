import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { GraphBuilder } from '../onnx/graph-builder.js'
import { InferenceSession, Tensor } from '../runtime/onnxruntime.js'
import type { ModelSpec } from '../spec/model-spec.js'
import type { ModelWeights } from '../weights/model-weights.js'
import { cpuForm } from './graph-form.js'
import { weightNodes } from './weight-nodes.js'

const inFeatures = 2048

/** Products of x [1, rows, in], of the same as [2, rows / 2, in], and of no rows with a mapped bfloat16 matrix, and which nodes compute them. */
async function products(matrix: Uint16Array, x: Float32Array) {
  const folder = mkdtempSync(join(tmpdir(), 'saeval-test-'))
  try {
    const bytes = new Uint8Array(matrix.buffer)
    writeFileSync(join(folder, 'weights'), bytes)
    const outFeatures = matrix.length / inFeatures
    const shape = [outFeatures, inFeatures]
    const tensor = { name: 'w', type: 'bfloat16', shape, location: 'weights', offset: 0, byteLength: bytes.length }
    const weights = { tensor: () => tensor, precision: 'float32', residence: 'mapped', quantized: null }
    const graph = new GraphBuilder()
    const spec = { norm: { kind: 'rms_norm', epsilon: 1e-6, unitOffset: false } }
    const nodes = weightNodes(graph, {
      spec: spec as ModelSpec,
      weights: weights as unknown as ModelWeights,
      form: cpuForm,
    })
    for (const [name, dims] of [
      ['flat', [1, 'N', inFeatures]],
      ['rows', ['B', 'T', inFeatures]],
      ['none', [1, 'M', inFeatures]],
    ] as const) {
      const product = nodes.linear(graph.input(name, 'float32', dims), {
        ...{ weight: 'w', bias: null, layout: 'out_in' },
        ...{ inFeatures, outFeatures },
      })
      graph.output(product, `${name}.y`, 'float32', [...dims.slice(0, -1), outFeatures])
    }
    const model = graph.build()
    const session = await InferenceSession.create(model, {
      logSeverityLevel: 3,
      extra: { session: { model_external_initializers_file_folder_path: folder } },
    })
    const rows = x.length / inFeatures
    const outputs = await session.run({
      flat: new Tensor('float32', x, [1, rows, inFeatures]),
      rows: new Tensor('float32', x, [2, rows / 2, inFeatures]),
      none: new Tensor('float32', new Float32Array(), [1, 0, inFeatures]),
    })
    await session.release()
    return { outputs, inParts: Buffer.from(model).includes('Scan') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

it.each([
  { outFeatures: 1024, inParts: true },
  // without a divisor of a good size, and small
  { outFeatures: 1031, inParts: false },
  { outFeatures: 8, inParts: false },
])('multiplies with $outFeatures rows of 16 bits, converted in parts: $inParts', async ({ outFeatures, inParts }) => {
  // whole numbers that 8 bits hold
  const values = Float32Array.from({ length: outFeatures * inFeatures }, (_, at) => ((at * 7919) % 251) - 125)
  const matrix = Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16)
  const x = Float32Array.from({ length: 4 * inFeatures }, (_, at) => ((at * 104_729) % 23) - 11)
  const found = await products(matrix, x)
  expect(found.inParts).toBe(inParts)
  const { flat, rows, none } = {
    flat: found.outputs['flat.y']!,
    rows: found.outputs['rows.y']!,
    none: found.outputs['none.y']!,
  }
  expect([flat.dims, rows.dims, none.dims]).toEqual([
    [1, 4, outFeatures],
    [2, 2, outFeatures],
    [1, 0, outFeatures],
  ])
  // sums stay below 2^24, where every order of adding gives the same
  const expected = Float32Array.from({ length: 4 * outFeatures }, (_, at) => {
    const [row, out] = [Math.floor(at / outFeatures), at % outFeatures]
    let sum = 0
    for (let i = 0; i < inFeatures; i++) sum += x[row * inFeatures + i]! * values[out * inFeatures + i]!
    return sum
  })
  for (const { data } of [flat, rows]) {
    const wrong = expected.findIndex((sum, at) => data[at] !== sum)
    expect(wrong).toBe(-1)
  }
})
