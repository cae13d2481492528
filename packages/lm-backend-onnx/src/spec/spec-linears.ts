import type { LayerSpec, Linear, Mlp, ModelSpec } from './model-spec.js'

/** Every matrix of a spec's layers by its tensor name; of experts those that are stored one by one. */
export function specLinears(spec: ModelSpec): ReadonlyMap<string, Linear> {
  const linears = new Map<string, Linear>()
  const add = (linear: Linear) => linears.set(linear.weight, linear)
  for (let index = 0; index < spec.nLayers; index++) for (const linear of layerLinears(spec.layer(index))) add(linear)
  return linears
}

function layerLinears({ attention, attentionOutput, mlp }: LayerSpec): Linear[] {
  const own = [attentionOutput]
  if (attention.kind === 'delta_net') own.push(attention.qkv, attention.gate, attention.beta, attention.decay.linear)
  else own.push(...('fused' in attention.qkv ? [attention.qkv.fused] : Object.values(attention.qkv)))
  if (mlp.kind === 'dense') return [...own, ...mlpLinears(mlp)]
  if (mlp.shared !== null) own.push(mlp.shared.gate, ...mlpLinears(mlp.shared.mlp))
  const separate = mlp.layouts.find((layout) => layout.kind === 'separate')
  const experts = separate === undefined ? [] : Array.from({ length: mlp.count }, (_, index) => separate.expert(index))
  return [...own, mlp.router, ...experts.flatMap(mlpLinears)]
}

/** The matrices of an MLP, or of an expert. */
export function mlpLinears({ up, gate, down }: Pick<Mlp, 'up' | 'gate' | 'down'>): Linear[] {
  return [up, gate, down].filter((linear) => linear !== null && linear !== 'in_up')
}
