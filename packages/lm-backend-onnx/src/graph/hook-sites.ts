import type { LayerSpec, ModelSpec } from '../spec/model-spec.js'

/** What one step of the model computes; the hook point of a step sees its result. */
export type Part =
  | 'embed'
  | 'enter'
  | 'attention'
  | 'attention_output'
  | 'attention_add'
  | 'mlp_enter'
  | 'mlp_normalize'
  | 'mlp_gain'
  | 'mlp_pre'
  | 'mlp_post'
  | 'mlp_output'
  | 'mlp_add'

/**
 * A tensor that lives between steps: the residual stream; the branch that will be added to it; what attention gave, where it waits for
 * the MLP beside it; the up-projection that waits for its gate; the stream that waits for experts beside the MLP; what layers still to come add of
 * LayerInputs; keys and values of a layer that later ones attend to.
 */
export type Lane = 'residual' | 'branch' | 'attention' | 'up' | 'stream' | 'layer_inputs' | KeysLane

/** Keys and values [B, T, n_kv_heads * d_head] of a layer. */
export type KeysLane = `keys.${number}` | `values.${number}`

/** One step of the forward pass and the hook point right after it. */
export interface Step {
  readonly part: Part
  /** Layer index; 0 for the embedding. */
  readonly layer: number
  /** TransformerLens name of the hook point after this step. */
  readonly hookPoint: string
  /** Size of the last axis there; attn.hook_z has its heads flattened, n_heads * d_head. */
  readonly width: number
  /** Where the hook point lies. */
  readonly on: 'residual' | 'branch'
  /** Every tensor that later steps read, with its width; the one the hook point sees among them. */
  readonly lanes: ReadonlyMap<Lane, number>
}

/** The forward pass as a list of steps in order of computation. */
export function modelSteps(spec: ModelSpec): Step[] {
  const residual = new Map<Lane, number>([['residual', spec.dModel]])
  const steps: Step[] = [
    { part: 'embed', layer: 0, hookPoint: 'hook_embed', width: spec.dModel, on: 'residual', lanes: residual },
  ]
  for (let layer = 0; layer < spec.nLayers; layer++) steps.push(...layerSteps(spec, layer, residual))
  return withCarried(spec, steps)
}

/** The steps with the lanes that live through several layers. */
function withCarried(spec: ModelSpec, steps: Step[]): Step[] {
  const lastReaders = new Map<number, number>()
  for (let layer = 0; layer < spec.nLayers; layer++) {
    const source = keysLayer(spec, layer)
    if (source !== layer) lastReaders.set(source, layer)
  }
  const { layerInputs, nLayers } = spec
  if (lastReaders.size === 0 && layerInputs === null) return steps
  const carried = new Map<Lane, number>()
  return steps.map((step) => {
    const { part, layer } = step
    const isEntering = part === 'enter' && layer === 0
    if (layerInputs !== null && (isEntering || part === 'mlp_add')) {
      const left = nLayers - (isEntering ? 0 : layer + 1)
      if (left > 0) carried.set('layer_inputs', left * layerInputs.width)
      else carried.delete('layer_inputs')
    }
    if (part === 'attention') carryKeys(layer)
    return carried.size === 0 ? step : { ...step, lanes: new Map([...step.lanes, ...carried]) }
  })

  function carryKeys(layer: number): void {
    const { attention } = spec.layer(layer)
    const source = keysLayer(spec, layer)
    if (attention.kind === 'softmax' && lastReaders.has(layer))
      for (const lane of keysLanes(layer)) carried.set(lane, attention.nKvHeads * attention.dHead)
    if (source !== layer && lastReaders.get(source) === layer)
      for (const lane of keysLanes(source)) carried.delete(lane)
  }
}

/** The lanes of a layer's keys and values. */
export function keysLanes(layer: number): readonly [KeysLane, KeysLane] {
  return [`keys.${layer}`, `values.${layer}`]
}

/** The layer whose keys and values, or state, a layer uses: its own where it has them. */
export function keysLayer(spec: ModelSpec, layer: number): number {
  const { attention } = spec.layer(layer)
  return attention.kind === 'softmax' && 'keysOf' in attention.qkv ? attention.qkv.keysOf : layer
}

function layerSteps(spec: ModelSpec, layer: number, residual: ReadonlyMap<Lane, number>): Step[] {
  const { dModel, parallelResidual } = spec
  const { attentionOutput, mlp, mlpNorm, expertsBeside } = spec.layer(layer)
  const onResidual = (part: Part, hook: string): Step => {
    return { part, layer, hookPoint: `blocks.${layer}.${hook}`, width: dModel, on: 'residual', lanes: residual }
  }
  const onBranch = (
    part: Part,
    hook: string,
    width: number,
    others: readonly (readonly [Lane, number])[] = [],
  ): Step => {
    const lanes = new Map<Lane, number>([...residual, ...others, ['branch', width]])
    return { part, layer, hookPoint: `blocks.${layer}.${hook}`, width, on: 'branch', lanes }
  }
  const waiting: readonly (readonly [Lane, number])[] = parallelResidual ? [['attention', dModel]] : []
  const beside: readonly (readonly [Lane, number])[] = expertsBeside === null ? [] : [['stream', dModel]]
  const inMlp = (part: Part, hook: string, width: number, others: readonly (readonly [Lane, number])[] = []) =>
    onBranch(part, hook, width, [...waiting, ...others])
  const dMlp = mlp.kind === 'dense' ? mlp.down.inFeatures : 0
  return [
    onResidual('enter', 'hook_resid_pre'),
    onBranch('attention', 'attn.hook_z', attentionOutput.inFeatures),
    onBranch('attention_output', 'hook_attn_out', dModel),
    ...(parallelResidual ? [] : [onResidual('attention_add', 'hook_resid_mid')]),
    inMlp('mlp_enter', 'hook_mlp_in', dModel),
    ...(mlpNorm === null ? [] : [inMlp('mlp_normalize', 'ln2.hook_normalized', dModel, beside)]),
    inMlp('mlp_gain', 'mlp.hook_in', dModel, beside),
    ...(mlp.kind === 'dense'
      ? [
          inMlp('mlp_pre', 'mlp.hook_pre', dMlp, [...beside, ...(mlp.gate === null ? [] : [['up', dMlp] as const])]),
          inMlp('mlp_post', 'mlp.hook_post', dMlp, beside),
        ]
      : []),
    inMlp('mlp_output', 'hook_mlp_out', dModel),
    onResidual('mlp_add', 'hook_resid_post'),
  ]
}

/** Why a hook point of the field is not one of this model's; null when nothing is known about the name. */
export function absentHookPoint(spec: ModelSpec, name: string): string | null {
  const found = /^blocks\.(\d+)\.(.+)$/.exec(name)
  const layer = found === null ? null : Number(found[1])
  if (layer === null || layer >= spec.nLayers) return null
  if (found![2] === 'hook_resid_mid' && spec.parallelResidual)
    return 'attention and MLP run side by side, so there is no residual stream between them'
  if (found![2] === 'ln2.hook_normalized' && spec.layer(layer).mlpNorm === null)
    return 'the MLP reads the residual stream as it is, without a norm before it'
  if (isInsideMlp(found![2]!, spec.layer(layer))) return `the MLP of layer ${layer} is a mixture of experts`
  return null
}

function isInsideMlp(hook: string, { mlp }: LayerSpec): boolean {
  return mlp.kind === 'experts' && (hook === 'mlp.hook_pre' || hook === 'mlp.hook_post')
}
