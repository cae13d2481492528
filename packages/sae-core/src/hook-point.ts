import { InputError } from '@saeval/hub'

const layerKinds = [
  'hook_resid_pre',
  'hook_resid_mid',
  'hook_resid_post',
  'hook_attn_out',
  'hook_mlp_out',
  'hook_mlp_in',
  'attn.hook_z',
  'ln2.hook_normalized',
  'mlp.hook_in',
  'mlp.hook_pre',
  'mlp.hook_post',
] as const

export type HookPointKind = (typeof layerKinds)[number] | 'hook_embed'

/** A TransformerLens hook point name taken apart. */
export interface HookPoint {
  readonly name: string
  readonly kind: HookPointKind
  /** null for hook_embed */
  readonly layer: number | null
}

/** Reads "blocks.20.hook_resid_post" and the like; throws InputError listing the kinds there are. */
export function parseHookPoint(name: string): HookPoint {
  if (name === 'hook_embed') return { name, kind: name, layer: null }
  const found = /^blocks\.(\d+)\.(.+)$/.exec(name)
  const kind = layerKinds.find((candidate) => candidate === found?.[2])
  if (found && kind) return { name, kind, layer: Number(found[1]) }
  throw new InputError(
    `"${name}" is not a hook point; known are hook_embed and blocks.L.${layerKinds.join(', blocks.L.')}`,
  )
}

/** Models whose norms are TransformerLens' LayerNorm, which has weight and bias. */
const withLayerNorm = /gpt-?2|gpt-?neo|gpt-?j|pythia|tiny-?stories|(^|\/)opt-/i

/**
 * What an SAE read by a name in TransformerLens where no weights were folded, as SAELens trains: LayerNorm's hook_normalized is then the norm's output, which the
 * MLP reads (RMSNorm's is before the weight, and so is LayerNorm's where fold_ln took weight and bias out of the norm).
 */
export function unfolded(name: string, modelName: string | null): string {
  return withLayerNorm.test(modelName ?? '')
    ? name.replace(/^(blocks\.\d+\.)ln2\.hook_normalized$/, '$1mlp.hook_in')
    : name
}

/** Whether the activation is written to the residual stream by weights, which TransformerLens can centre. */
export function isCentredByWriting(hookPoint: HookPoint): boolean {
  return /^hook_(embed|resid_|attn_out|mlp_out)/.test(hookPoint.kind)
}
