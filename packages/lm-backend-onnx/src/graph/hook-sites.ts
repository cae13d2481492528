import type { ModelSpec } from '../spec/model-spec.js'

/** What one step of the model computes; the hook point of a step sees its result. */
export type Part = 'embed' | 'enter' | 'attention' | 'attention_output' | 'attention_add' | 'mlp' | 'mlp_add'

/** One step of the forward pass and the hook point right after it. */
export interface Step {
  readonly part: Part
  /** Layer index; 0 for the embedding. */
  readonly layer: number
  /** TransformerLens name of the hook point after this step. */
  readonly hookPoint: string
  /** Size of the last axis there; attn.hook_z has its heads flattened, n_heads * d_head. */
  readonly width: number
  /** Whether the hook point lies on the residual stream or on the branch that is added to it later. */
  readonly on: 'residual' | 'branch'
}

/** The forward pass as a list of steps in order of computation. */
export function modelSteps(spec: ModelSpec): Step[] {
  const { dModel, nHeads, dHead } = spec
  const steps: Step[] = [{ part: 'embed', layer: 0, hookPoint: 'hook_embed', width: dModel, on: 'residual' }]
  for (let layer = 0; layer < spec.nLayers; layer++) {
    const at = `blocks.${layer}`
    steps.push(
      { part: 'enter', layer, hookPoint: `${at}.hook_resid_pre`, width: dModel, on: 'residual' },
      { part: 'attention', layer, hookPoint: `${at}.attn.hook_z`, width: nHeads * dHead, on: 'branch' },
      { part: 'attention_output', layer, hookPoint: `${at}.hook_attn_out`, width: dModel, on: 'branch' },
      { part: 'attention_add', layer, hookPoint: `${at}.hook_resid_mid`, width: dModel, on: 'residual' },
      { part: 'mlp', layer, hookPoint: `${at}.hook_mlp_out`, width: dModel, on: 'branch' },
      { part: 'mlp_add', layer, hookPoint: `${at}.hook_resid_post`, width: dModel, on: 'residual' },
    )
  }
  return steps
}
