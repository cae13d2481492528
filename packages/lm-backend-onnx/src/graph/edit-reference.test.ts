import {
  applyIntervention,
  type Intervention,
  lowerEdits,
  parsePositions,
  type SaeFile,
  type Semantics,
  type SteeringEdit,
  type TokenPlace,
} from '@saeval/sae-core'
import { describe, expect, it } from 'vitest'
import { expectClose } from '../../../../tests/expect-close.js'
import { randomNumbers, randomSae } from '../../../../tests/random-sae.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { selectedTensor, tokenMasks } from '../forward/token-masks.js'
import { selectionsOf } from './pack-edits.js'
import { at, expectActs, runGraph } from './run-edits.testing.js'

// what the goldens do not hold, against the plain TypeScript of sae-core

const n = 9
// the last ones are padding
const counted = 7
const d = 12
const x = randomNumbers(1)(n * d)
const text = { ids: [1, 7, 7, 2, 7, 7, 7, 2, 7], promptLength: 6 }
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
const positions = (include: string, exclude = '') => ({
  include: parsePositions(include),
  exclude: exclude === '' ? [] : parsePositions(exclude),
})

const standard = randomSae(2, { architecture: 'standard' })
const jumprelu = randomSae(3, { architecture: 'jumprelu', normalization: 'layer_norm' })
const gated = randomSae(4, { architecture: 'gated', normalization: 'constant_norm_rescale' })
const topk = randomSae(5, { architecture: 'topk', k: 6, normalization: 'layer_norm', applyBDecToInput: false })
const rescaled = randomSae(6, { architecture: 'topk', k: 9, rescaleActsByDecoderNorm: true, centreInput: true })
const groupmax = randomSae(7, { architecture: 'groupmax', k: 8 })
const scaledInput = randomSae(8, { architecture: 'standard', inputScale: 0.3 })
const heads = randomSae(9, { architecture: 'jumprelu', hookPoint: 'blocks.0.attn.hook_z' })
const transcoder = randomSae(10, {
  architecture: 'jumprelu_transcoder',
  dIn: 8,
  dOut: 12,
  hookPoint: 'read',
  hookPointOut: 'blocks.0.hook_resid_post',
  applyBDecToInput: false,
  normalization: 'layer_norm',
})
const temporal = randomSae(11, { architecture: 'temporal', inputScale: 2 })

const edit = (sae: SaeFile, action: SteeringEdit['action'], latent: number, coefficient: number, more = {}) =>
  ({ sae, action, latent, coefficient, ...more }) as SteeringEdit

/** The first latents of an SAE that are active on some of the tokens, so that edits of them show. */
async function activeLatents(sae: SaeFile, reads: Float32Array): Promise<number[]> {
  const found: number[] = []
  for (let latent = 0; latent < sae.config.dSae && found.length < 3; latent++) {
    const [clamped] = await lowerEdits([edit(sae, 'clamp_active', latent, 5)])
    const after = applyIntervention(x, clamped!, d, { reads: new Map([['read', reads]]) })
    if (after.some((value, i) => value !== x[i])) found.push(latent)
  }
  return found
}

async function compare(settings: SteeringEdit[][], semantics: Semantics = 'direct', acts = true): Promise<void> {
  const reads = new Map([['read', randomNumbers(20)(n * 8)]])
  const lowered: Intervention[][] = [[]]
  for (const edits of settings) {
    const interventions = await lowerEdits(edits, { semantics, dHead: 4 })
    expect(interventions).toHaveLength(1)
    lowered.push([{ ...interventions[0]!, hookPoint: at }])
  }
  const columns = Math.max(...lowered.map((setting) => selectionsOf(setting).length))
  const selected = (row: number) =>
    selectedTensor(tokenMasks(selectionsOf(lowered[row]!), text, special), 1, n, columns).data as Float32Array
  const [plain, ...edited] = await runGraph(
    x,
    new Map([
      [at, d],
      ['read', 8],
    ]),
    lowered,
    { reads, selected, counted },
  )
  expect(plain!.values).toEqual(x)
  edited.forEach(({ values: actual, acted }, index) => {
    const expected = applyIntervention(x, lowered[index + 1]![0]!, d, { reads, places })
    expectActs({ acted }, x, lowered[index + 1]![0]!, d, { reads, places }, counted)
    expectClose(actual, expected, semantics === 'direct' ? tolerance.sae : tolerance.saeReplacement, `setting ${index}`)
    if (acts) expect(actual).not.toEqual(x)
  })
}

describe('edits in the graph', () => {
  const saes = { standard, jumprelu, gated, topk, rescaled, groupmax, scaledInput, transcoder }

  it.each(Object.entries(saes))('of every action on %s', async (_, sae) => {
    const [a, b, c] = (await activeLatents(sae, randomNumbers(20)(n * 8))) as [number, number, number]
    const t = { threshold: 0.05 }
    const settings = [
      [edit(sae, 'add', a, 2)],
      [edit(sae, 'add_latent', a, 2)],
      [edit(sae, 'clamp', a, 3)],
      [edit(sae, 'clamp_active', a, 3)],
      [edit(sae, 'clamp_above', a, 3, t)],
      [edit(sae, 'clamp_refusal', a, 3, { ...t, setLatent: b })],
      [edit(sae, 'scale', a, -2)],
      [edit(sae, 'ablate', a, 0)],
      [edit(sae, 'project_clamp', a, 3)],
      [edit(sae, 'project_clamp', a, 3, { fromDecoderBias: true })],
      [edit(sae, 'project_scale', a, 0.3)],
      [edit(sae, 'project_cap', a, -0.1)],
      [edit(sae, 'project_scale', a, 2), edit(sae, 'project_cap', b, 0), edit(sae, 'add', a, 1)],
      [
        edit(sae, 'scale', a, 2),
        edit(sae, 'add_latent', a, 1),
        edit(sae, 'add', b, 1),
        edit(sae, 'project_clamp', b, 2),
        edit(sae, 'clamp_active', c, 4),
      ],
    ]
    await compare(settings)
    const spliced = settings.filter((rows) => rows.every(({ action }) => !action.startsWith('project_')))
    const fits = spliced.filter((rows) => sae !== transcoder || rows.every(({ action }) => action !== 'add'))
    await compare(fits, 'fork')
    await compare(fits, 'pr2641')
  })

  it('at chosen positions', async () => {
    const [a, b] = (await activeLatents(topk, x)) as [number, number]
    await compare([
      [edit(standard, 'add', 1, 2, { positions: positions('prompt') })],
      [edit(standard, 'add', 1, 2, { positions: positions('generated') }), edit(standard, 'add', 2, 1)],
      [edit(topk, 'clamp', a, 2, { positions: positions('last_prompt') })],
      [
        edit(topk, 'clamp', a, 2, { positions: positions('all', 'special') }),
        edit(topk, 'scale', b, 2, { positions: positions('-3:') }),
        edit(topk, 'clamp', b, 2),
      ],
    ])
    const [changed] = await lowerEdits([edit(standard, 'add', 1, 2, { positions: positions('1:3') })])
    const after = applyIntervention(x, changed!, d, { places })
    const touched = places.filter(({ position: p }) => after[p * d] !== x[p * d]).map(({ position }) => position)
    expect(touched).toEqual([1, 2])
  })

  it.each(['fork', 'pr2641'] as const)('at chosen positions with semantics %s', async (semantics) => {
    await compare(
      [
        [edit(standard, 'add', 1, 2, { positions: positions('prompt', 'bos') })],
        [edit(topk, 'clamp', 1, 2, { positions: positions('generated') }), edit(topk, 'add', 1, 2)],
      ],
      semantics,
    )
  })

  it('under conditions on latents of the same and of another SAE', async () => {
    const [a, b] = (await activeLatents(standard, x)) as [number, number]
    const [c] = (await activeLatents(topk, x)) as [number]
    const own = { condition: { sae: standard, latent: b, above: 0.1 } }
    const other = { condition: { sae: topk, latent: c, above: 0 } }
    await compare([
      [edit(standard, 'add', a, 2, own)],
      [edit(standard, 'add', a, 2, other), edit(standard, 'clamp', b, 2, other)],
      [edit(standard, 'clamp_active', a, 2, { ...other, positions: positions('all', 'bos') })],
      [edit(standard, 'project_clamp', a, 2, other)],
      [edit(standard, 'project_cap', a, -0.1, other)],
      [edit(standard, 'clamp_refusal', a, 2, { ...own, threshold: 0, setLatent: b })],
    ])
  })

  it('of one head', async () => {
    await compare([
      [edit(heads, 'add', 1, 2, { head: 1 })],
      [edit(heads, 'clamp', 1, 2, { head: 0 }), edit(heads, 'clamp', 1, 3, { head: 2 })],
      [edit(heads, 'project_clamp', 1, 2, { head: 2 })],
      [edit(heads, 'project_scale', 1, 2, { head: 2 })],
    ])
    const [one] = await lowerEdits([edit(heads, 'clamp', 1, 9, { head: 1 })], { dHead: 4 })
    const after = applyIntervention(x, one!, d)
    const touched = new Set(Array.from(after.keys()).filter((i) => after[i] !== x[i]))
    expect([...touched].every((i) => i % d >= 4 && i % d < 8)).toBe(true)
    expect(touched.size).toBe(4 * n)
  })

  it('of several SAEs one after the other', async () => {
    await compare([
      [edit(standard, 'clamp', 1, 2), edit(topk, 'clamp', 2, 3), edit(gated, 'add', 1, 1)],
      [edit(topk, 'clamp', 2, 3), edit(standard, 'clamp', 1, 2)],
    ])
  })

  it('reads what the rows before have left with semantics fork and pr2641', async () => {
    const [a, b] = (await activeLatents(standard, x)) as [number, number]
    const rows = [
      edit(standard, 'clamp', a, -1),
      edit(standard, 'clamp', a, 7),
      edit(standard, 'clamp_refusal', a, 5, { threshold: 0, setLatent: b }),
    ]
    await compare([rows], 'fork')
    const [first, all] = await Promise.all([
      lowerEdits(rows.slice(0, 1), { semantics: 'fork' }),
      lowerEdits(rows, { semantics: 'fork' }),
    ])
    expect(applyIntervention(x, all[0]!, d)).toEqual(applyIntervention(x, first[0]!, d))
  })

  it('adds latents of temporal SAEs', async () => {
    await compare([
      [edit(temporal, 'add', 1, 2)],
      [edit(temporal, 'add_latent', 1, 2)],
      [edit(temporal, 'project_clamp', 1, 2)],
      [edit(temporal, 'project_scale', 1, 2)],
    ])
    await expect(lowerEdits([edit(temporal, 'clamp', 1, 2)])).rejects.toThrow('clamp reads a latent')
  })

  // JumpReLU of SAELens: active where p > threshold, strictly and without any margin (sae-facts 3)
  it.each(['direct', 'fork', 'pr2641'] as const)(
    'compares with thresholds as they are, semantics %s',
    async (semantics) => {
      const random = randomSae(12, { architecture: 'jumprelu', dIn: 2, dSae: 1, applyBDecToInput: false })
      const weights = { wEnc: Float32Array.of(1, 0), wDec: Float32Array.of(0, 1), bEnc: Float32Array.of(0) }
      const sae: SaeFile = {
        ...random,
        encoderColumns: async () => [weights.wEnc],
        decoderRow: async () => weights.wDec,
        latentParameters: async () => ({ bias: 0, threshold: 2, gate: null }),
        decoderBias: async () => new Float32Array(2),
        load: async () => ({
          ...(await random.load()),
          ...weights,
          bDec: new Float32Array(2),
          threshold: Float32Array.of(2),
        }),
      }
      const next = 2 + 2 ** -22
      const states = Float32Array.of(2 - 2 ** -22, 0, 2, 0, next, 0)
      const [lowered] = await lowerEdits([edit(sae, 'scale', 0, 3)], { semantics })
      const expected = { direct: [0, 0, 2 * next], fork: [0, 0, 2 * next], pr2641: [0, 0, 3 * next] }[semantics]
      const written = (values: Float32Array) => Array.from(values).filter((_, i) => i % 2 === 1)
      const [{ values } = { values: new Float32Array() }] = await runGraph(states, new Map([[at, 2]]), [
        [{ ...lowered!, hookPoint: at }],
      ])
      const near = expected.map((value) => expect.closeTo(value, 5))
      expect(written(applyIntervention(states, lowered!, 2))).toEqual(near)
      expect(written(values)).toEqual(near)
    },
  )
})
