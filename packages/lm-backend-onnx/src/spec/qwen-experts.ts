import { InputError } from '@saeval/hub'
import { count } from '@saeval/hub/checks'
import * as v from 'valibot'
import { linear } from './llama-layer.js'
import type { Experts } from './model-spec.js'
import { type FieldsOf, type ModelConfig, size } from './read-config.js'

/** Fields of Qwen's experts, whose number has two names in transformers, with the defaults of a family. */
export function expertFields(defaults: { readonly count: number; readonly chosen: number; readonly dExpert: number }) {
  return {
    num_experts: v.nullish(count, defaults.count),
    num_local_experts: v.nullish(count),
    num_experts_per_tok: v.nullish(count, defaults.chosen),
    moe_intermediate_size: v.nullish(size, defaults.dExpert),
  }
}

type ExpertFields = FieldsOf<ReturnType<typeof expertFields>> & { readonly hidden_size: number }

/** The experts of Qwen 3 MoE and Qwen 3.5 MoE, stored one by one or stacked. Of the two names of their number the newer one counts. */
export function qwenExperts(config: ModelConfig, f: ExpertFields, at: string, weights: Experts['weights']): Experts {
  const { hidden_size: dModel, moe_intermediate_size: dExpert } = f
  const count = f.num_local_experts ?? f.num_experts
  return {
    ...plainExperts,
    router: linear(`${at}.gate`, dModel, count, false),
    count,
    chosen: expertsPerToken(config, count, f.num_experts_per_tok),
    weights,
    dExpert,
    activation: 'silu',
    layouts: [
      {
        kind: 'separate',
        expert: (index) => ({
          gate: linear(`${at}.experts.${index}.gate_proj`, dModel, dExpert, false),
          up: linear(`${at}.experts.${index}.up_proj`, dModel, dExpert, false),
          down: linear(`${at}.experts.${index}.down_proj`, dExpert, dModel, false),
        }),
      },
      { kind: 'stacked', gateUp: `${at}.experts.gate_up_proj`, down: `${at}.experts.down_proj` },
    ],
  }
}

/** What experts have unless a family says otherwise. */
export const plainExperts = {
  kind: 'experts',
  weightFactors: null,
  weighs: 'outputs',
  shared: null,
} as const satisfies Partial<Experts>

/** How many experts a token has, by `field`; throws InputError when there are not so many. */
export function expertsPerToken(
  { file }: ModelConfig,
  count: number,
  chosen: number,
  field = 'num_experts_per_tok',
): number {
  if (chosen <= count) return chosen
  throw new InputError(`${file}: ${field} is ${chosen}, but there are ${count} experts`)
}
