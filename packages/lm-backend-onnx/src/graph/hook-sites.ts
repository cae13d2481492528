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
 * the MLP beside it; the up-projection that waits for its gate.
 */
export type Lane = 'residual' | 'branch' | 'attention' | 'up'

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
  return steps
}

function layerSteps(spec: ModelSpec, layer: number, residual: ReadonlyMap<Lane, number>): Step[] {
  const { dModel, parallelResidual } = spec
  const { attentionOutput, mlp, mlpNorm } = spec.layer(layer)
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
  const inMlp = (part: Part, hook: string, width: number, up: number | null = null) =>
    onBranch(part, hook, width, up === null ? waiting : [...waiting, ['up', up]])
  const dMlp = mlp.kind === 'dense' ? mlp.down.inFeatures : 0
  return [
    onResidual('enter', 'hook_resid_pre'),
    onBranch('attention', 'attn.hook_z', attentionOutput.inFeatures),
    onBranch('attention_output', 'hook_attn_out', dModel),
    ...(parallelResidual ? [] : [onResidual('attention_add', 'hook_resid_mid')]),
    inMlp('mlp_enter', 'hook_mlp_in', dModel),
    ...(mlpNorm === null ? [] : [inMlp('mlp_normalize', 'ln2.hook_normalized', dModel)]),
    inMlp('mlp_gain', 'mlp.hook_in', dModel),
    ...(mlp.kind === 'dense'
      ? [
          inMlp('mlp_pre', 'mlp.hook_pre', dMlp, mlp.gate === null ? null : dMlp),
          inMlp('mlp_post', 'mlp.hook_post', dMlp),
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
