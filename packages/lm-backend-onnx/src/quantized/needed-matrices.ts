import { InputError } from '@saeval/hub'
import { bodyGraph } from '../graph/body-graph.js'
import { cpuForm } from '../graph/graph-form.js'
import { headGraph } from '../graph/head-graph.js'
import { modelSteps } from '../graph/hook-sites.js'
import type { ModelSpec } from '../spec/model-spec.js'
import type { StoredWeights } from '../weights/model-weights.js'
import type { Bits } from '../weights/quantize-rows.js'

/** A matrix that a product with activations needs. */
export interface NeededMatrix {
  /** The spec's name of the tensor. */
  readonly weight: string
  readonly layout: 'out_in' | 'in_out'
  readonly inFeatures: number
  readonly outFeatures: number
}

/** The matrices that the model's graphs multiply with, in order. Throws InputError for models with experts. */
export function neededMatrices(spec: ModelSpec, stored: StoredWeights, bits: Bits, modelName: string): NeededMatrix[] {
  for (let index = 0; index < spec.nLayers; index++) {
    const { mlp, expertsBeside } = spec.layer(index)
    if (mlp.kind === 'dense' && expertsBeside === null) continue
    throw new InputError(`dtype=int${bits}: ${modelName} has experts, whose weights cannot be held in ${bits} bits yet`)
  }
  const needed = new Map<string, NeededMatrix>()
  const nothing = { name: '', type: 'uint8', shape: [0], location: '', offset: 0, byteLength: 0 } as const
  // the graphs themselves say which they are, so that no family needs a second list
  const matrix = (wanted: NeededMatrix) => {
    needed.set(wanted.weight, wanted)
    return {
      codes: { ...nothing, name: `${wanted.weight}.codes` },
      scales: { ...nothing, name: `${wanted.weight}.scales` },
    }
  }
  const weights = { ...stored, precision: 'float32', residence: 'packed', quantized: { bits, matrix } } as const
  bodyGraph({ spec, weights, form: cpuForm, from: 0, to: modelSteps(spec).length, edits: new Map(), captures: [] })
  headGraph({ spec, weights, form: cpuForm })
  return [...needed.values()]
}
