import { writeFile } from 'node:fs/promises'
import { beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { InferenceSession, Tensor } from '../runtime/onnxruntime.js'
import { gpt2 } from '../spec/gpt2.js'
import { configOf } from '../spec/read-config.js'
import { tensorRows } from '../weights/checkpoint.js'
import type { ModelWeights } from '../weights/model-weights.js'
import { compared } from './compared.js'
import { cpuForm, type GraphForm, webgpuForm } from './graph-form.js'
import { headGraph, headNames, logitsGraph } from './head-graph.js'

// wide enough for three parts of the vocabulary, the last one shorter
const dModel = 2048
const vocab = 2500
const rows = 5

const spec = gpt2(
  configOf('config.json', {
    model_type: 'gpt2',
    n_embd: dModel,
    n_head: 2,
    n_layer: 1,
    vocab_size: vocab,
    n_positions: 8,
  }),
)
let folder = ''
const embedding = new Float32Array(vocab * dModel)
const hidden = new Float32Array(rows * dModel)

beforeAll(async () => {
  let state = 7
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
  for (const array of [embedding, hidden]) for (let at = 0; at < array.length; at++) array[at] = next() / 16
  // the same token in all three parts, the most likely one after the first hidden state
  for (const token of [1000, 1900, 2499]) embedding.set(hidden.subarray(0, dModel), token * dModel)
  folder = temporaryFolder()
  await writeFile(`${folder}/embedding`, embedding)
  await writeFile(`${folder}/gain`, new Float32Array(dModel).fill(1))
  await writeFile(`${folder}/bias`, new Float32Array(dModel))
})

type Kind = 'packed' | 'mapped' | 'device'

// three parts here too, and weights that a session on the CPU finds by itself
const onDevice: GraphForm = { ...webgpuForm, weights: 'constants', headNumbers: cpuForm.headNumbers }

function formFor(kind: Kind): GraphForm {
  return kind === 'device' ? onDevice : cpuForm
}

function weights(residence: Kind): ModelWeights {
  const shapes = {
    'wte.weight': { location: 'embedding', shape: [vocab, dModel] },
    'ln_f.weight': { location: 'gain', shape: [dModel] },
    'ln_f.bias': { location: 'bias', shape: [dModel] },
  }
  const tensor = (name: string) => {
    const { location, shape } = shapes[name as keyof typeof shapes]
    const byteLength = 4 * shape.reduce((product, size) => product * size, 1)
    return { name, type: 'float32', location, shape, offset: 0, byteLength } as const
  }
  return {
    folder,
    tensor,
    slice: tensor,
    rows: (name, start, end) => tensorRows(tensor(name), vocab, start, end),
    has: () => true,
    numParameters: 0,
    precision: 'float32',
    residence,
    quantized: null,
  }
}

/** Logits in double precision. */
function reference(cap: number | null): number[][] {
  return Array.from({ length: rows }, (_, row) => {
    const x = Array.from(hidden.subarray(row * dModel, (row + 1) * dModel))
    const mean = x.reduce((sum, value) => sum + value, 0) / dModel
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / dModel
    const normed = x.map((value) => (value - mean) / Math.sqrt(variance + spec.norm.epsilon))
    return Array.from({ length: vocab }, (_, token) => {
      const logit = normed.reduce((sum, value, at) => sum + value * embedding[token * dModel + at]!, 0)
      return cap === null ? logit : cap * Math.tanh(logit / cap)
    })
  })
}

async function run(model: Uint8Array, feeds: Readonly<Record<string, Tensor>>) {
  const session = await InferenceSession.create(model, {
    logSeverityLevel: 3,
    extra: { session: { model_external_initializers_file_folder_path: folder } },
  })
  const outputs = await session.run({ [headNames.hidden]: new Tensor('float32', hidden, [rows, dModel]), ...feeds })
  await session.release()
  return outputs
}

async function runHead(cap: number | null, kind: Kind, targets: readonly (readonly [number, number])[]) {
  const form = formFor(kind)
  const numbers = (values: number[]) => {
    const { dtype, data, dims } = compared(form, values)
    return new Tensor(dtype as 'int64', data as never, dims)
  }
  const outputs = await run(headGraph({ spec: { ...spec, finalSoftcap: cap }, weights: weights(kind), form }).model, {
    [headNames.rows]: numbers(targets.map(([row]) => row)),
    [headNames.targets]: numbers(targets.map(([, token]) => token)),
  })
  return {
    logprobs: Array.from(outputs[headNames.logprobs]!.data as Float32Array),
    argmax: Array.from(outputs[headNames.argmax]!.data as BigInt64Array, Number),
  }
}

const targets = [
  [0, 0],
  [0, 1900],
  [4, 1023],
  [4, 1024],
  [2, 2047],
  [3, 2048],
  [1, 2499],
  [1, 2499],
] as const

// mapped: two parts by Scan and a shorter one beside them
test.each([
  ['packed', null],
  ['packed', 30],
  ['mapped', null],
  ['mapped', 30],
  ['device', null],
  ['device', 30],
] as const)(
  'reduces a vocabulary in parts to what the whole gives: %s, with a soft-cap of %s',
  async (residence, cap) => {
    const logits = reference(cap)
    const logprob = (row: number, token: number) => {
      const all = logits[row]!
      const max = Math.max(...all)
      return all[token]! - max - Math.log(all.reduce((sum, logit) => sum + Math.exp(logit - max), 0))
    }
    const found = await runHead(cap, residence, targets)
    targets.forEach(([row, token], index) => {
      expect(Math.abs(found.logprobs[index]! - logprob(row, token))).toBeLessThan(5e-6)
    })
    expect(found.argmax).toEqual(logits.map((row) => row.indexOf(Math.max(...row))))
    expect(found.argmax[0]).toBe(1000)
  },
)

test.each(['packed', 'mapped', 'device'] as const)('needs no targets: %s', async (residence) => {
  const { logprobs, argmax } = await runHead(null, residence, [])
  expect(logprobs).toEqual([])
  expect(argmax).toHaveLength(rows)
})

test('gives all logits', async () => {
  const all = new Tensor(
    'int64',
    BigInt64Array.from({ length: rows }, (_, row) => BigInt(row)),
    [rows],
  )
  const outputs = await run(logitsGraph({ spec, weights: weights('packed'), form: cpuForm }).model, {
    [headNames.rows]: all,
  })
  const logits = outputs[headNames.logits]!.data as Float32Array
  const largest = reference(null)
    .flat()
    .reduce((most, logit, at) => Math.max(most, Math.abs(logit - logits[at]!)), 0)
  expect(largest).toBeLessThan(5e-6)
  const squares = outputs[headNames.squares]!.data as Float32Array
  for (const [row, sum] of squares.entries()) {
    const state = Array.from(hidden.subarray(row * dModel, (row + 1) * dModel))
    expect(sum).toBeCloseTo(
      state.reduce((all, value) => all + value ** 2, 0),
      3,
    )
  }
})
