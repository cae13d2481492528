import { InputError } from '@saeval/hub'
import type { Activation } from './activation.js'
import type { Attention, Heads, LayerSpec, Linear, Mlp, Norm } from './model-spec.js'
import type { ModelConfig } from './read-config.js'

/** A PyTorch Linear. */
export function linear(name: string, inFeatures: number, outFeatures: number, bias: boolean): Linear {
  return { weight: `${name}.weight`, bias: bias ? `${name}.bias` : null, layout: 'out_in', inFeatures, outFeatures }
}

export function rmsNorm(name: string): Norm {
  return { weight: `${name}.weight`, bias: null }
}

export function layerNorm(name: string): Norm {
  return { weight: `${name}.weight`, bias: `${name}.bias` }
}

/** d_model / n_heads where `sizes` names both. Throws InputError where it is no whole number. */
export function headWidth({ file }: ModelConfig, sizes: Readonly<Record<string, number>>): number {
  const [[whole, dModel], [part, nHeads]] = Object.entries(sizes) as [[string, number], [string, number]]
  if (dModel % nHeads === 0) return dModel / nHeads
  throw new InputError(`${file}: ${whole} ${dModel} is not a multiple of ${part} ${nHeads}`)
}

/** What an attention has unless a family says otherwise. */
export const plainAttention = {
  kind: 'softmax',
  outputGate: false,
  queryKeyNorm: null,
  valueNorm: false,
  rope: null,
  temperature: null,
  softcap: null,
  window: null,
  chunk: null,
  sinks: null,
} as const satisfies Partial<Attention>

interface AttentionOptions extends Heads {
  readonly dModel: number
  readonly qkvBias: boolean
  readonly outputBias: boolean
  /** What the norms of queries and keys are over; null without. */
  readonly queryKeyNorm: 'head' | 'heads' | null
  /** See Attention; false by default. */
  readonly outputGate?: boolean
}

/** The attention tensors of a layer by the names that Llama gave them; Gemma, Mistral and Qwen have the same. */
export function llamaAttention(
  layer: string,
  options: AttentionOptions & Pick<Attention, 'rope' | 'scale'> & Partial<Pick<Attention, 'softcap' | 'window'>>,
): Pick<LayerSpec, 'attentionOutput'> & { readonly attention: Attention } {
  const { dModel, nHeads, nKvHeads, dHead, qkvBias, outputBias, queryKeyNorm, outputGate = false } = options
  const { rope, scale, softcap = null, window = null } = options
  const at = `${layer}.self_attn`
  return {
    attention: {
      ...plainAttention,
      ...{ nHeads, nKvHeads, dHead },
      qkv: {
        q: linear(`${at}.q_proj`, dModel, nHeads * dHead * (outputGate ? 2 : 1), qkvBias),
        k: linear(`${at}.k_proj`, dModel, nKvHeads * dHead, qkvBias),
        v: linear(`${at}.v_proj`, dModel, nKvHeads * dHead, qkvBias),
      },
      outputGate,
      queryKeyNorm:
        queryKeyNorm === null
          ? null
          : {
              q: rmsNorm(`${at}.q_norm`),
              k: rmsNorm(`${at}.k_norm`),
              over: queryKeyNorm,
              after: 'projection',
            },
      rope,
      scale,
      softcap,
      window,
    },
    attentionOutput: linear(`${at}.o_proj`, nHeads * dHead, dModel, outputBias),
  }
}

/** The gated MLP of a layer, whose gate and up-projection are one matrix, the gate's rows first. */
export function gateInUp(
  at: string,
  { dModel, dMlp, activation }: { dModel: number; dMlp: number; activation: Activation },
): Mlp {
  return {
    kind: 'dense',
    up: linear(`${at}.gate_up_proj`, dModel, 2 * dMlp, false),
    gate: 'in_up',
    down: linear(`${at}.down_proj`, dMlp, dModel, false),
    activation,
  }
}

/** The gated MLP of a layer. */
export function llamaMlp(
  at: string,
  { dModel, dMlp, bias, activation }: { dModel: number; dMlp: number; bias: boolean; activation: Activation },
): Mlp {
  return {
    kind: 'dense',
    up: linear(`${at}.up_proj`, dModel, dMlp, bias),
    gate: linear(`${at}.gate_proj`, dModel, dMlp, bias),
    down: linear(`${at}.down_proj`, dMlp, dModel, bias),
    activation,
  }
}
