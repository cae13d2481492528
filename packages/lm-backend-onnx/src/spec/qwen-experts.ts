import { InputError } from '@saeval/hub'
import { linear } from './llama-layer.js'
import type { Experts } from './model-spec.js'
import { type ModelConfig, positiveInteger } from './read-config.js'

/** The experts of Qwen 3 MoE and Qwen 3.5 MoE, stored one by one or stacked. */
export function qwenExperts(
  config: ModelConfig,
  at: string,
  defaults: { readonly count: number; readonly chosen: number; readonly dExpert: number },
): Experts {
  config.require('hidden_act', 'silu')
  const dModel = positiveInteger(config, 'hidden_size')
  const dExpert = positiveInteger(config, 'moe_intermediate_size', defaults.dExpert)
  const count = expertCount(config, defaults.count)
  const chosen = expertsPerToken(config, count, defaults.chosen)
  return {
    kind: 'experts',
    router: linear(`${at}.gate`, dModel, count, false),
    count,
    chosen,
    weights: config.boolean('norm_topk_prob', false) ? 'all_renormalized' : 'all',
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
    shared: null,
  }
}

/** Number of experts by either name that transformers gave it; the newer one counts. */
export function expertCount(config: ModelConfig, byDefault: number): number {
  const older = config.number('num_experts', byDefault)
  return positiveInteger(config, config.has('num_local_experts') ? 'num_local_experts' : 'num_experts', older)
}

/** num_experts_per_tok; throws InputError when there are not so many. */
export function expertsPerToken(config: ModelConfig, count: number, byDefault: number): number {
  const chosen = positiveInteger(config, 'num_experts_per_tok', byDefault)
  if (chosen <= count) return chosen
  throw new InputError(`${config.file}: num_experts_per_tok is ${chosen}, but there are ${count} experts`)
}
