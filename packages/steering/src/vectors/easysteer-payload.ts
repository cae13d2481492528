import type { InputError } from '@saeval/hub'
import { index, objectOf, shown, text } from '@saeval/hub/checks'
import { lengthOf } from '@saeval/sae-core/internal/edits/stage-slots'
import type { VectorChange } from '@saeval/sae-core/internal/edits/vector-change'
import * as v from 'valibot'
import { loreftOf, lowRankOf, transposed } from './low-rank-change.js'
import { finite, oneVector } from './one-vector.js'
import { decodeNumbers } from './stored-numbers.js'

/** EasySteer's algorithms that saeval has: all of its registry but moe_router, which changes what a router chooses and no activation. */
export const algorithms = ['direct', 'linear', 'loreft', 'erase', 'replace', 'lm_steer', 'concept_replace'] as const
export type Algorithm = (typeof algorithms)[number]
/** Algorithms of one direction a layer. */
type OneDirection = 'direct' | 'erase' | 'replace'

/** What a vector does at the output of one layer. */
export interface Payload {
  readonly layer: number
  readonly change: VectorChange
}

const kinds: Readonly<Record<Algorithm, string>> = {
  direct: 'direction',
  erase: 'direction',
  replace: 'direction',
  linear: 'linear',
  loreft: 'reft',
  lm_steer: 'lowrank',
  concept_replace: 'concept_pair',
}

const wireSchema = objectOf({
  version: index,
  kind: text,
  tensors: v.record(v.string(), objectOf({ shape: v.array(index), data: text })),
  extra: objectOf({ layer: v.nullish(index, null) }),
})

interface Settings {
  readonly algorithm: Algorithm
  readonly scale: number
  readonly layers: readonly number[] | null
}

/**
 * What a payload of EasySteer (vllm/steer_vectors/payloads.py, its numbers in base64) does at each layer. Throws what `wrong` makes of a reason.
 */
export function changesOf(
  data: unknown,
  { algorithm, scale, layers }: Settings,
  wrong: (message: string) => InputError,
): readonly Payload[] {
  const { kind, tensors, layer } = wireOf(data, wrong)
  if (kind !== kinds[algorithm]) throw wrong(`data is of kind ${shown(kind)}; ${algorithm} takes "${kinds[algorithm]}"`)
  const take = (name: string) => {
    const found = tensors.get(name)
    if (found === undefined) throw wrong(`data has no tensor ${name}`)
    return found
  }
  const vector = (name: string) => (tensors.has(name) ? oneVector(name, take(name), wrong) : null)
  const expect = (names: readonly string[]) => {
    const other = [...tensors.keys()].find((name) => !names.includes(name))
    if (other !== undefined) throw wrong(`data has a tensor ${shown(other)}; ${algorithm} takes ${names.join(', ')}`)
  }
  const everywhere = (change: VectorChange) => {
    if (layers === null) throw wrong(`layers is missing: data holds one map, which acts at each of them`)
    return layers.map((at) => ({ layer: at, change }))
  }
  if (kind === 'direction') {
    return [...tensors].map(([name, numbers]) => {
      const found = /^layer\.(\d{1,6})$/.exec(name)
      if (found === null) throw wrong(`data has a tensor ${shown(name)}, expected layer.N`)
      return {
        layer: Number(found[1]),
        change: directed(algorithm as OneDirection, oneVector(name, numbers, wrong), scale),
      }
    })
  }
  if (kind === 'concept_pair') {
    const layersOf = (side: string) =>
      [...tensors.keys()].flatMap((name) => new RegExp(`^${side}\\.layer\\.(\\d{1,6})$`).exec(name)?.[1] ?? [])
    const own = layersOf('h1')
    expect(own.flatMap((at) => [`h1.layer.${at}`, `h2.layer.${at}`]))
    return own.map((at) => {
      const [from, to] = ['h1', 'h2'].map((side) => oneVector(side, take(`${side}.layer.${at}`), wrong))
      return { layer: Number(at), change: conceptReplaced(from!, to!, wrong) }
    })
  }
  if (kind === 'lowrank') {
    expect(['projector1', 'projector2'])
    const [read, write] = ['projector1', 'projector2'].map((name) => transposed(take(name)))
    return everywhere(lowRankOf(read!, write!, null, scale, wrong))
  }
  if (kind === 'linear') {
    expect(['weight', 'bias'])
    const { shape, values } = take('weight')
    const bias = vector('bias')
    const [d] = shape
    if (shape.length !== 2 || shape[1] !== d || (bias !== null && bias.length !== d))
      throw wrong(`weight has shape [${shape}] and bias ${bias?.length ?? 'none'}, expected [d, d] and d`)
    return everywhere({ action: 'linear', weight: values, bias, coefficient: scale })
  }
  expect(['rotate_layer', 'learned_source_weight', 'learned_source_bias'])
  const change = loreftOf(
    take('rotate_layer'),
    take('learned_source_weight'),
    vector('learned_source_bias'),
    scale,
    wrong,
  )
  if (layer === null) return everywhere(change)
  return [{ layer, change }]
}

/** What EasySteer's algorithms for one direction make of it. */
export function directed(algorithm: OneDirection, vector: Float32Array, scale: number): VectorChange {
  if (algorithm === 'erase') {
    // EasySteer divides by |v|^2 + 1e-8, v already scaled
    const square = (scale * lengthOf(vector)) ** 2
    return { action: 'project_scale', vector, coefficient: 1e-8 / (square + 1e-8) }
  }
  return { action: algorithm === 'replace' ? 'replace' : 'add', vector, coefficient: scale }
}

/** h + (h . h1) / (|h1|^2 + 1e-8) (h2 - h1), whatever the scale (algorithms/concept_replace.py). */
export function conceptReplaced(
  from: Float32Array,
  to: Float32Array,
  wrong: (message: string) => InputError,
): VectorChange {
  if (from.length !== to.length) throw wrong(`h1 has ${from.length} numbers and h2 ${to.length}`)
  const square = lengthOf(from) ** 2 + 1e-8
  return {
    action: 'low_rank',
    rank: 1,
    read: from.map((value) => value / square),
    write: to.map((value, i) => value - from[i]!),
    bias: null,
    coefficient: 1,
  }
}

function wireOf(data: unknown, wrong: (message: string) => InputError) {
  const result = v.safeParse(wireSchema, data)
  if (!result.success)
    throw wrong(
      'data is no payload of EasySteer: an object with version, kind, tensors (each with shape and base64 data), extra and sha256',
    )
  const { version, kind, tensors, extra } = result.output
  if (version !== 1) throw wrong(`data is of version ${version}, expected 1`)
  const decode = ([name, { shape, data: stored }]: [string, { shape: number[]; data: string }]) => {
    const at = `tensor ${shown(name)}`
    const numbers = decodeNumbers(at, { data: stored, shape, dtype: 'F32', compressed: false }, wrong)
    finite(at, numbers.values, wrong)
    return [name, numbers] as const
  }
  return { kind, tensors: new Map(Object.entries(tensors).map(decode)), layer: extra.layer }
}
