import type { Attention, Experts, LayerSpec, Linear, Mlp, ModelSpec } from './model-spec.js'

/** Every matrix of a spec's layers by its tensor name; of experts those that are stored one by one. */
export function specLinears(spec: ModelSpec): ReadonlyMap<string, Linear> {
  const linears = new Map<string, Linear>()
  const add = (linear: Linear) => linears.set(linear.weight, linear)
  if (spec.layerInputs !== null) add(spec.layerInputs.projection)
  for (let index = 0; index < spec.nLayers; index++) for (const linear of layerLinears(spec.layer(index))) add(linear)
  return linears
}

function layerLinears({ attention, attentionOutput, mlp, expertsBeside, input }: LayerSpec): Linear[] {
  const own = [attentionOutput]
  if (attention.kind === 'delta_net') own.push(attention.qkv, attention.gate, attention.beta, attention.decay.linear)
  else own.push(...qkvLinears(attention))
  own.push(...(mlp.kind === 'dense' ? mlpLinears(mlp) : expertLinears(mlp)))
  if (expertsBeside !== null) own.push(...expertLinears(expertsBeside.experts))
  if (input !== null) own.push(input.gate, input.projection)
  return own
}

/** The matrices of queries, keys and values that a layer has of its own. */
export function qkvLinears({ qkv }: Attention): Linear[] {
  if ('fused' in qkv) return [qkv.fused]
  if ('keysOf' in qkv) return [qkv.q]
  return qkv.v === null ? [qkv.q, qkv.k] : [qkv.q, qkv.k, qkv.v]
}

function expertLinears({ router, shared, layouts, count }: Experts): Linear[] {
  const always = shared === null ? [] : [...(shared.gate === null ? [] : [shared.gate]), ...mlpLinears(shared.mlp)]
  const separate = layouts.find((layout) => layout.kind === 'separate')
  const experts = separate === undefined ? [] : Array.from({ length: count }, (_, index) => separate.expert(index))
  return [...always, router, ...experts.flatMap(mlpLinears)]
}

/** The matrices of an MLP, or of an expert. */
export function mlpLinears({ up, gate, down }: Pick<Mlp, 'up' | 'gate' | 'down'>): Linear[] {
  return [up, gate, down].filter((linear) => linear !== null && linear !== 'in_up')
}
