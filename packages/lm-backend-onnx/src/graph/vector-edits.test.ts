import { applyIntervention, type Intervention, type PositionSelection, type TokenPlace } from '@saeval/sae-core'
import { lowerVectors, type VectorEdit } from '@saeval/sae-core/internal/edits/lower-vectors'
import type { VectorChange } from '@saeval/sae-core/internal/edits/vector-change'
import { describe, expect, it } from 'vitest'
import { expectClose } from '../../../../tests/expect-close.js'
import { randomNumbers } from '../../../../tests/random-sae.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { selectedTensor, tokenMasks } from '../forward/token-masks.js'
import { cpuForm, webgpuForm } from './graph-form.js'
import { selectionsOf } from './pack-edits.js'
import { at, expectActs, runGraph } from './run-edits.testing.js'

const n = 9
const d = 12
const random = randomNumbers(3)
const x = random(n * d)
const text = { ids: [1, 7, 7, 2, 7, 8, 7, 2, 7], promptLength: 6 }
const special = { bos: 1, all: new Set([1, 2]) }
const places = text.ids.map(
  (id, position): TokenPlace => ({
    id,
    position,
    promptLength: text.promptLength,
    isBos: id === special.bos,
    isSpecial: special.all.has(id),
  }),
)

const vector = random(d)
const origin = random(d)
const loreft = { rank: 3, rotate: random(3 * d), weight: random(3 * d), bias: random(3) }
const lowRank = { rank: 2, read: random(2 * d), write: random(2 * d), bias: random(2) }
const linear = { weight: random(d * d), bias: random(d) }
const changes: readonly VectorChange[] = [
  { action: 'add', vector, coefficient: -2 },
  { action: 'add_matched', vector, coefficient: 1.5 },
  { action: 'project_clamp', vector, coefficient: 3, origin },
  { action: 'project_scale', vector, coefficient: 0 },
  { action: 'project_cap', vector, coefficient: -0.1 },
  { action: 'replace', vector, coefficient: 0.5 },
  { action: 'linear', ...linear, coefficient: 0.5 },
  { action: 'loreft', ...loreft, coefficient: 1.25 },
  { action: 'low_rank', ...lowRank, coefficient: -0.75 },
]

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
const length = (a: Float32Array) => Math.sqrt(dot(a, a))
const unit = vector.map((value) => value / length(vector))

/** The formulas as vector-change.ts states them, in the order of `changes`. */
function byFormula({ action }: VectorChange, h: Float32Array): Float32Array {
  const p = dot(h, unit)
  const row = (matrix: Float32Array, i: number) => matrix.subarray(i * d, (i + 1) * d)
  switch (action) {
    case 'add':
      return h.map((value, i) => value - 2 * vector[i]!)
    case 'add_matched':
      return h.map((value, i) => value + (1.5 * length(h) * vector[i]!) / (length(vector) + 1e-6))
    case 'project_clamp':
      return h.map((value, i) => value + (3 - (p - dot(origin, unit))) * unit[i]!)
    case 'project_scale':
      return h.map((value, i) => value - p * unit[i]!)
    case 'project_cap':
      return h.map((value, i) => value + (Math.min(p, -0.1) - p) * unit[i]!)
    case 'replace':
      return vector.map((value) => 0.5 * value)
    case 'linear':
      return linear.bias.map((value, i) => 0.5 * (dot(row(linear.weight, i), h) + value))
    case 'low_rank': {
      const read = [0, 1].map((k) => dot(row(lowRank.read, k), h) + lowRank.bias[k]!)
      return h.map(
        (value, j) => value - 0.75 * read.reduce((sum, part, k) => sum + part * row(lowRank.write, k)[j]!, 0),
      )
    }
    case 'loreft': {
      const rotated = [0, 1, 2].map((k) => h.reduce((sum, value, j) => sum + value * loreft.rotate[j * 3 + k]!, 0))
      const delta = [0, 1, 2].map((k) => dot(row(loreft.weight, k), h) + loreft.bias[k]! - rotated[k]!)
      return h.map(
        (value, j) => value + 1.25 * delta.reduce((sum, part, k) => sum + part * loreft.rotate[j * 3 + k]!, 0),
      )
    }
  }
}

const lower = (edits: readonly Partial<VectorEdit>[]): Intervention[] =>
  lowerVectors(
    edits.map((edit) => ({
      hookPoint: at,
      change: changes[0]!,
      keepsNorm: false,
      head: null,
      positions: null,
      ...edit,
    })),
    { width: () => d, dHead: 4 },
  )

const someTokens: PositionSelection = {
  include: [{ tokens: [7], of: 'prompt' }, { steps: [1, null] }, { promptAt: 99 }],
  exclude: [{ at: 2 }, { heldBy: { include: ['bos', { from: 4, to: 5 }], exclude: [] } }],
}
const where = [1, 5, 7, 8]

describe('changes along vectors', () => {
  it.each(changes)('$action is its formula, everywhere, at chosen tokens and with its length kept', (change) => {
    const rowOf = (token: number) => x.subarray(token * d, (token + 1) * d)
    for (const positions of [null, someTokens]) {
      for (const keepsNorm of [false, true]) {
        const [intervention] = lower([{ change, positions, keepsNorm }])
        const result = applyIntervention(x, intervention!, d, { places })
        for (let token = 0; token < n; token++) {
          const before = rowOf(token)
          const changed = positions === null || where.includes(token) ? byFormula(change, before) : before
          const factor = keepsNorm ? length(before) / (length(changed) + 1e-8) : 1
          const expected = changed.map((value) => value * factor)
          expectClose(result.slice(token * d, (token + 1) * d), expected, tolerance.sae, `token ${token}`)
        }
      }
    }
  })

  it.each(Object.entries({ cpuForm, webgpuForm }))('the graph computes them in one batch (%s)', async (_, form) => {
    const settings = changes.flatMap((change) => [
      lower([{ change }]),
      lower([{ change, positions: someTokens }]),
      lower([{ change, positions: someTokens, keepsNorm: true }]),
      lower([{ change }, { change: changes[0]! }]),
    ])
    const lowered: Intervention[][] = [[], ...settings]
    const columns = Math.max(...lowered.map((setting) => selectionsOf(setting).length))
    const selected = (row: number) =>
      selectedTensor(tokenMasks(selectionsOf(lowered[row]!), text, special), 1, n, columns).data as Float32Array
    const [plain, ...edited] = await runGraph(x, new Map([[at, d]]), lowered, { selected, form })
    expect(plain!.values).toEqual(x)
    edited.forEach((result, index) => {
      const [intervention] = settings[index]!
      expectClose(result.values, applyIntervention(x, intervention!, d, { places }), tolerance.sae, `setting ${index}`)
      expectActs(result, x, intervention!, d, { places })
      expect(result.values).not.toEqual(x)
    })
    // tokens that are not selected are not touched, whatever stands in the batch
    for (let index = 0; index < settings.length; index++) {
      if (index % 4 !== 1 && index % 4 !== 2) continue
      for (const token of [0, 2, 3, 4, 6])
        expect(edited[index]!.values.slice(token * d, (token + 1) * d)).toEqual(x.slice(token * d, (token + 1) * d))
    }
  })
})
