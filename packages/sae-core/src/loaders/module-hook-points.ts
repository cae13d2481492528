import { InputError } from '@saeval/hub'

/** TransformerLens' names of a module's input and output; null for an input that is no hook point. */
export interface ModuleHookPoints {
  readonly input: string | null
  readonly output: string
}

/** End of a module's name inside a layer -> what follows `blocks.L.` */
const sites: Readonly<Record<string, ModuleHookPoints>> = {
  '': { input: 'hook_resid_pre', output: 'hook_resid_post' },
  '.mlp': { input: 'mlp.hook_in', output: 'hook_mlp_out' },
  '.self_attn': { input: null, output: 'hook_attn_out' },
  '.attn': { input: null, output: 'hook_attn_out' },
  '.attention': { input: null, output: 'hook_attn_out' },
}

/**
 * The hook points of a module of the Hugging Face model ("model.layers.10", "h.3.mlp"). Throws InputError where what is wanted of it, input or output, is no
 * hook point of the model.
 */
export function moduleHookPoints(
  module: string,
  wanted: 'input' | 'output',
  modelName: string | null,
): ModuleHookPoints {
  const isGemma = /gemma/i.test(modelName ?? '')
  if (/(^|\.)(embed_tokens|embed_in|wte)$/.test(module) && wanted === 'output' && !isGemma)
    return { input: null, output: 'hook_embed' }
  const found = /(?:^|\.)(?:layers|h)\.(\d+)(\.\w+)?$/.exec(module)
  const site = found && Object.hasOwn(sites, found[2] ?? '') ? sites[found[2] ?? '']! : null
  // Gemma scales embeddings outside of the module; Gemma 2 and 3 normalise what attention and MLP give before the hook points see it
  const isInside = isGemma && found?.[2] !== undefined
  if (!found || !site || site[wanted] === null || isInside)
    throw new InputError(
      `the ${wanted} of the module "${module}"${modelName ? ` of ${modelName}` : ''} is no hook point; known are layers.N${isGemma ? '' : ' and layers.N.mlp'}${wanted === 'input' || isGemma ? '' : ', layers.N.self_attn, embed_tokens'}`,
    )
  const named = (end: string) => `blocks.${Number(found[1])}.${end}`
  return { input: site.input === null ? null : named(site.input), output: named(site.output) }
}
