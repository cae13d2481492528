import type { InputError } from '@saeval/hub'
import type { VectorChange } from '@saeval/sae-core/internal/edits/vector-change'
import { loreftOf, lowRankOf, transposed } from './low-rank-change.js'
import { type Numbers, oneVector } from './one-vector.js'
import { orthogonalMatrix } from './orthogonal-matrix.js'
import type { ReftState } from './reft-state.js'

/** Makes an error of a reason. */
type Wrong = (message: string) => InputError

/** A kind of intervention that can be read: what it does to h, and how its tensors become a change. */
interface ReftKind {
  /** Its name in tables. */
  readonly name: string
  /** Whether its values are a constant of the folder only if the configuration says so. */
  readonly takesSource?: boolean
  readonly read: (state: ReftState, wrong: Wrong) => Promise<VectorChange>
}

/**
 * Interventions of pyreft (interventions.py), of EasySteer's copy of it, and those of pyvene (models/interventions.py) that need no second text. The
 * activation functions and dropout that they may be trained with are not in a folder; pyreft loads without them.
 */
export const reftKinds: Readonly<Record<string, ReftKind>> = {
  LoreftIntervention: {
    name: 'LoReFT',
    read: async (state, wrong) => {
      const { weight, bias } = await learnedSource(state, wrong)
      return loreftOf(await rotation(state, wrong), weight, bias, 1, wrong)
    },
  },
  // h + P^T (W h + b - (P h + c)): a LoReFT whose R need not be a rotation
  NoreftIntervention: {
    name: 'NoReFT',
    read: async (state, wrong) => {
      const { weight, bias } = await learnedSource(state, wrong)
      const projection = await state.take('proj_layer.weight')
      const offset = state.has('proj_layer.bias') ? await vectorOf(state, 'proj_layer.bias', wrong) : null
      const change = loreftOf(transposed(projection), weight, bias, 1, wrong)
      if (offset === null || change.bias === null) return change
      if (offset.length !== change.rank)
        throw wrong(`proj_layer.bias has ${offset.length} numbers, expected ${change.rank}`)
      return { ...change, bias: change.bias.map((value, i) => value - offset[i]!) }
    },
  },
  // h + R^T (b - R h): a LoReFT with W = 0
  ConsreftIntervention: {
    name: 'ConsReFT',
    read: async (state, wrong) => {
      const rotate = await rotation(state, wrong)
      const weight = { shape: [...rotate.shape].reverse(), values: new Float32Array(rotate.values.length) }
      return loreftOf(rotate, weight, await vectorOf(state, 'learned_source', wrong), 1, wrong)
    },
  },
  // h + R^T b
  LobireftIntervention: {
    name: 'LobiReFT',
    read: async (state, wrong) => {
      const { shape, values } = await rotation(state, wrong)
      const source = await vectorOf(state, 'learned_source', wrong)
      const [d = 0, rank = 0] = shape
      if (shape.length !== 2 || source.length !== rank)
        throw wrong(`the rotation has shape [${shape}] and the learned source ${source.length} numbers`)
      const sum = (row: number) => source.reduce((total, value, i) => total + value * values[row * rank + i]!, 0)
      return added(Float32Array.from({ length: d }, (_, row) => sum(row)))
    },
  },
  DireftIntervention: {
    name: 'DiReFT',
    read: async (state, wrong) => {
      const { weight, bias } = await learnedSource(state, wrong)
      return lowRankOf(weight, transposed(await rotation(state, wrong)), bias, 1, wrong)
    },
  },
  NodireftIntervention: {
    name: 'NodiReFT',
    read: async (state, wrong) => {
      const { weight, bias } = await learnedSource(state, wrong)
      // it has a bias that it does not use
      if (state.has('proj_layer.bias')) await state.take('proj_layer.bias')
      return lowRankOf(weight, await state.take('proj_layer.weight'), bias, 1, wrong)
    },
  },
  BiasIntervention: { name: 'bias', read: async (state, wrong) => added(await vectorOf(state, 'bias', wrong)) },
  AdditionIntervention: {
    name: 'addition',
    takesSource: true,
    read: async (state, wrong) => added(await vectorOf(state, 'source_representation', wrong)),
  },
  SubtractionIntervention: {
    name: 'subtraction',
    takesSource: true,
    read: async (state, wrong) => ({
      ...added(await vectorOf(state, 'source_representation', wrong)),
      coefficient: -1,
    }),
  },
  VanillaIntervention: {
    name: 'constant',
    takesSource: true,
    read: async (state, wrong) => ({
      action: 'replace',
      vector: await vectorOf(state, 'source_representation', wrong),
      coefficient: 1,
    }),
  },
}

/** Why interventions between two texts cannot be read. */
export const fromOtherText = 'takes its values from a second text, which is not in the folder'

/** Interventions that cannot be read, and why. */
export const refusedReftKinds: Readonly<Record<string, string>> = {
  RotatedSpaceIntervention: fromOtherText,
  LowRankRotatedSpaceIntervention: fromOtherText,
  BoundlessRotatedSpaceIntervention: fromOtherText,
  SigmoidMaskRotatedSpaceIntervention: fromOtherText,
  SigmoidMaskIntervention: fromOtherText,
  PCARotatedSpaceIntervention: fromOtherText,
  AutoencoderIntervention: fromOtherText,
  JumpReLUAutoencoderIntervention: fromOtherText,
  CollectIntervention: 'reads activations and changes none',
  SkipIntervention: 'leaves a layer out',
  NoiseIntervention: 'adds noise to four tokens of a text',
}

/** W and b of a layer `learned_source`, by either of the names that they are saved under. */
async function learnedSource(
  state: ReftState,
  wrong: Wrong,
): Promise<{ readonly weight: Numbers; readonly bias: Float32Array }> {
  const prefix = state.has('learned_source.weight') ? 'learned_source.' : ''
  return { weight: await state.take(`${prefix}weight`), bias: await vectorOf(state, `${prefix}bias`, wrong) }
}

/** R^T [d, rank]: itself, or what torch's parametrization makes it of. */
async function rotation(state: ReftState, wrong: Wrong): Promise<Numbers> {
  const stored = 'rotate_layer.parametrizations.weight'
  if (!state.has(`${stored}.original`)) return state.take('rotate_layer')
  return orthogonalMatrix(await state.take(`${stored}.original`), await state.take(`${stored}.0.base`), wrong)
}

async function vectorOf(state: ReftState, name: string, wrong: Wrong): Promise<Float32Array> {
  return oneVector(name, await state.take(name), wrong)
}

function added(vector: Float32Array): VectorChange {
  return { action: 'add', vector, coefficient: 1 }
}
