import type { Loreft } from '@saeval/sae-core/internal/edits/vector-change'
import { placeKey, residualLayer } from '../layer-place.js'
import type { SteeredEntry } from '../steered-entry.js'
import { type TorchValue, torchBytes } from './torch-bytes.js'
import { added, refusesPlaces, refusesSecondEdits, type VectorWriter } from './vector-writer.js'

/** A folder as pyreft's ReftModel.save writes it: LoReFTs, and vectors as pyvene's additions of a constant. */
export const reftWriter: VectorWriter = {
  name: 'pyreft',
  ends: [],
  refuses: (entry) => {
    const { change, head } = entry
    if (head !== null) return `head ${head}: it changes whole activations`
    if (change.action === 'loreft') {
      if (change.coefficient !== 1) return `loreft times ${change.coefficient}: it has no strength`
      if (!isOrthonormal(change)) return 'a loreft whose R is no rotation: pyreft keeps its rows orthonormal'
    } else if (change.action !== 'add') return `${entry.record.action}: it holds loreft and additions`
    return placeOf(entry) === null
      ? `${entry.hookpoint}: it holds outputs of the modules layers.N, layers.N.mlp and layers.N.self_attn`
      : refusesPlaces(entry)
  },
  refusesFile: refusesSecondEdits(({ hookpoint }) => placeKey(hookpoint)),
  leaves: ({ path, entries }) => [
    `${path}: a folder of pyreft does not say at which tokens it acts; say it where it is used`,
    ...(entries.every(({ change }) => change.action !== 'loreft' || isBfloat(change))
      ? []
      : [`${path}: pyreft loads W and b in bfloat16, which rounds these; saeval takes them as they are`]),
  ],
  bytes: ({ entries }) => {
    const placed = entries.map((entry) => ({ entry, ...placeOf(entry)! }))
    const keys = placed.map(({ layer, component }) => `layer_${layer}_comp_${component}_unit_pos_nunit_1#0`)
    const config = {
      intervention_constant_sources: placed.map(() => true),
      intervention_dimensions: entries.map(({ change }) => widthOf(change)),
      intervention_types: entries.map(({ change }) =>
        change.action === 'loreft'
          ? "<class 'pyreft.interventions.LoreftIntervention'>"
          : "<class 'pyvene.models.interventions.AdditionIntervention'>",
      ),
      mode: 'parallel',
      // layer, component, unit, max_number_of_units, low_rank_dimension; the thirteenth says that there is a constant
      representations: placed.map(({ entry: { change }, layer, component }) => [
        layer,
        component,
        'pos',
        1,
        change.action === 'loreft' ? change.rank : null,
        ...Array.from({ length: 7 }, () => null),
        change.action === 'loreft' ? null : true,
        null,
      ]),
      sorted_keys: keys,
    }
    return new Map<string, Uint8Array>([
      ['config.json', Buffer.from(`${JSON.stringify(config, null, 2)}\n`)],
      ...entries.map((entry, at) => [`intkey_${keys[at]}.bin`, torchBytes(stateOf(entry))] as const),
    ])
  },
}

function placeOf({ hookpoint }: SteeredEntry): { readonly layer: number; readonly component: string } | null {
  const layer = residualLayer(hookpoint)
  if (layer !== null) return { layer, component: 'block_output' }
  // hook_mlp_out and hook_attn_out are behind a norm in some models, pyvene's outputs of modules before it
  const found = /(?:^|\.)(?:layers|h)\.(\d+)\.(mlp|self_attn)$/.exec(hookpoint)
  if (found === null) return null
  return { layer: Number(found[1]), component: found[2] === 'mlp' ? 'mlp_output' : 'attention_output' }
}

function widthOf(change: SteeredEntry['change']): number {
  return 'vector' in change ? change.vector.length : (change as Loreft).rotate.length / (change as Loreft).rank
}

function stateOf(entry: SteeredEntry): ReadonlyMap<string, TorchValue> {
  const { change } = entry
  if (change.action !== 'loreft') {
    const values = added(entry)
    return new Map([['source_representation', { shape: [values.length], values }]])
  }
  const { rank, rotate, weight } = change
  const d = rotate.length / rank
  return new Map<string, TorchValue>([
    ['weight', { shape: [rank, d], values: weight }],
    ['bias', { shape: [rank], values: change.bias ?? new Float32Array(rank) }],
    ['rotate_layer', { shape: [d, rank], values: rotate }],
  ])
}

/** Whether W and b are the same in bfloat16, float32 without its last 16 bits. */
function isBfloat({ weight, bias }: Loreft): boolean {
  return [weight, ...(bias === null ? [] : [bias])].every((values) =>
    new Uint32Array(Float32Array.from(values).buffer).every((bits) => bits % 2 ** 16 === 0),
  )
}

/** Whether R R^T is the identity, as near as float32 training keeps it. */
function isOrthonormal({ rank, rotate }: Loreft): boolean {
  for (let a = 0; a < rank; a++) {
    for (let b = 0; b <= a; b++) {
      let dot = 0
      for (let row = 0; row < rotate.length; row += rank) dot += rotate[row + a]! * rotate[row + b]!
      if (Math.abs(dot - (a === b ? 1 : 0)) > 1e-4) return false
    }
  }
  return true
}
