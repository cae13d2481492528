import { InputError } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import type { LayerNorms, SteerableModel } from '@saeval/language-model'

/** The model whose modules a steering file names. */
export type NamedModel = Pick<SteerableModel, 'family' | 'hookPoints' | 'layerNorms'>

const attention = ['self_attn', 'attn', 'attention', 'attn.attention', 'linear_attn']
const attentionOutput = ['self_attn.o_proj', 'attn.c_proj', 'attention.dense', 'attn.attention.out_proj']
const mlp = ['mlp', 'feed_forward', 'mlp.down_proj', 'feed_forward.down_proj', 'mlp.c_proj', 'mlp.dense_4h_to_h']

/**
 * Modules inside a layer -> the hook point that sees their output. Hook points of attention and MLP are behind a norm that stands after them (Gemma 2,
 * OLMo 2), so it is then the norm that can be named.
 */
function modulesOf(norms: LayerNorms | undefined): Readonly<Record<string, string>> {
  const outputs = (norm: string | null, modules: readonly string[], hookPoint: string) =>
    Object.fromEntries((norm === null ? modules : [norm]).map((name) => [name, hookPoint]))
  const stream = { '': 'hook_resid_post' }
  if (norms === undefined) return stream
  return {
    ...stream,
    ...outputs(norms.afterAttention, [...attention, ...attentionOutput], 'hook_attn_out'),
    ...outputs(norms.beforeMlp, [], 'mlp.hook_in'),
    ...outputs(norms.afterMlp, mlp, 'hook_mlp_out'),
  }
}

/**
 * The hook point that sees the output of a Hugging Face module ("layers.3", "h.3", "model.layers.3.mlp"); names of hook points pass. With a
 * head, an attention module stands for its heads, attn.hook_z. Throws InputError for modules whose output is no hook point.
 */
export function hookPointOfModule(
  name: string,
  hasHead: boolean,
  { family, hookPoints, layerNorms }: NamedModel,
): string {
  if (hookPoints.includes(name)) return name
  const found = /(?:^|\.)(?:layers|h)\.(\d+)(?:\.(.+))?$/.exec(name)
  if (!found) {
    // Gemma 1 and 2 scale embeddings after the module
    if (/(?:^|\.)(?:wte|embed_in|embed_tokens)$/.test(name) && !/^gemma2?$/.test(family)) return 'hook_embed'
    throw new InputError(
      `${shown(name)} is no module that can be steered; expected layers.N, h.N, layers.N.mlp, layers.N.self_attn and the like, or a hook point such as blocks.N.hook_resid_post`,
    )
  }
  const [, layer, inner = ''] = found
  const modules = modulesOf(layerNorms)
  const isAttention = [...attention, ...attentionOutput].includes(inner)
  const kind = hasHead && isAttention ? 'attn.hook_z' : Object.hasOwn(modules, inner) ? modules[inner] : undefined
  if (kind === undefined)
    throw new InputError(
      `the output of module ${shown(name)} is no hook point of this model; of layer ${layer} these can be named: ${Object.keys(
        modules,
      )
        .filter((module) => hookPoints.includes(`blocks.${layer}.${modules[module]}`))
        .map((module) => (module === '' ? `layers.${layer}` : `layers.${layer}.${module}`))
        .join(', ')}, and its hook points`,
    )
  const hookPoint = `blocks.${layer}.${kind}`
  if (!hookPoints.includes(hookPoint))
    throw new InputError(`the model has no ${hookPoint}, which ${shown(name)} stands for`)
  return hookPoint
}
