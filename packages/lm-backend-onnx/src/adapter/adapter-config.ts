import { InputError } from '@saeval/hub'
import { checked, count, index, jsonObject, number, objectOf, recordOf, shown, text, truth } from '@saeval/hub/checks'
import { TimeLimitError, withinSeconds } from '@saeval/hub/internal/time-limit'
import * as v from 'valibot'

/** What an adapter_config.json of PEFT says of a LoRA; which modules it changes, its tensors say themselves. */
export interface AdapterConfig {
  /** For messages. */
  readonly file: string
  /** The model it was trained on; null where it does not say. */
  readonly baseModel: string | null
  /** The rank of a module, by its name in the base model. */
  rank(module: string): number
  /** alpha / r, or alpha / sqrt(r) with use_rslora. */
  scale(module: string): number
  /** Whether a copy of the module was trained, which leaves tied weights alone. */
  isSaved(module: string): boolean
  /** Rows of the embedding that were trained alone, in the order of the adapter's tensor; null for none. */
  readonly tokens: readonly number[] | null
}

// what training alone needs, or the adapter's tensors show
const withoutEffect = new Set([
  'target_modules',
  'exclude_modules',
  'layers_to_transform',
  'layers_pattern',
  'bias',
  'fan_in_fan_out',
  'lora_bias',
  'use_dora',
  'lora_dropout',
  'inference_mode',
  'task_type',
  'auto_mapping',
  'peft_version',
  'revision',
  'loftq_config',
  'eva_config',
  'corda_config',
  'lora_ga_config',
  'megatron_core',
  'qalora_group_size',
  'runtime_config',
])

const fields = {
  peft_type: v.optional(v.unknown()),
  r: v.nullish(count, 8),
  lora_alpha: v.nullish(number, 8),
  use_rslora: v.nullish(truth, false),
  rank_pattern: v.nullish(recordOf(count), {}),
  alpha_pattern: v.nullish(recordOf(number), {}),
  base_model_name_or_path: v.fallback(v.nullish(text, null), null),
  modules_to_save: v.nullish(v.array(text, 'a list of texts'), []),
  // a list for the embedding, or { embed_tokens: list }
  trainable_token_indices: v.nullish(
    v.pipe(
      v.union([v.array(index), recordOf(v.array(index))], 'one list of tokens'),
      v.transform((value) => (Array.isArray(value) ? [value] : Object.values(value))),
      v.check((lists) => lists.length === 1, 'one list of tokens'),
    ),
  ),
  init_lora_weights: v.optional(v.unknown()),
}
const schema = objectOf(fields)

/**
 * Reads an adapter_config.json. Throws InputError for other adapters than LoRA and for whatever makes a LoRA compute something else than
 * W + scale B A. Source: peft 0.21 (tuners/lora).
 */
export function readAdapterConfig(file: string, json: string): AdapterConfig {
  const given = jsonObject(file, json, 'download the adapter again')
  const { peft_type: kind = 'unknown' } = given
  if (typeof kind !== 'string' || kind.toUpperCase() !== 'LORA')
    throw new InputError(
      `${file}: the adapter is of the kind ${typeof kind === 'string' ? kind.slice(0, 100) : shown(kind)}; only LoRA is supported, so merge it into the model with peft (merge_and_unload) and save that`,
    )
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(fields, name) || withoutEffect.has(name) || isEmpty(value)) continue
    throw new InputError(
      `${file}: ${name} is ${shown(value)}, which changes what the adapter computes and is not supported; merge it with peft (merge_and_unload)`,
    )
  }
  const config = checked(file, schema, given)
  const { init_lora_weights: init, r, lora_alpha: alpha } = config
  // the others take a part out of the base's weights when they are loaded
  if (typeof init === 'string' && !['gaussian', 'eva', 'orthogonal', 'true', 'false'].includes(init.toLowerCase()))
    throw new InputError(
      `${file}: init_lora_weights is ${shown(init)}, which changes the base's weights when the adapter is loaded; convert the adapter to a plain LoRA (save_pretrained with path_initial_model_for_weight_conversion) or merge it`,
    )
  const ranks = pattern(file, 'rank_pattern', config.rank_pattern)
  const alphas = pattern(file, 'alpha_pattern', config.alpha_pattern)
  const rank = (module: string) => ranks(module) ?? r
  return {
    file,
    baseModel: config.base_model_name_or_path,
    rank,
    scale: (module) => (alphas(module) ?? alpha) / (config.use_rslora ? Math.sqrt(rank(module)) : rank(module)),
    isSaved: (module) => config.modules_to_save.some((name) => module.endsWith(name)),
    tokens: config.trainable_token_indices?.[0] ?? null,
  }
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** peft's get_pattern_key: the first pattern that matches the end of a module's name. */
function pattern(
  file: string,
  name: string,
  values: Readonly<Record<string, number>>,
): (module: string) => number | undefined {
  const entries = Object.entries(values).map(([key, value]) => {
    try {
      return { expression: new RegExp(`^(.*\\.)?(${key})$`), value }
    } catch (cause) {
      throw new InputError(`${file}: ${name} has the pattern ${shown(key)}, which cannot be read`, { cause })
    }
  })
  return (module) => {
    try {
      return withinSeconds(5, () => entries.find(({ expression }) => expression.test(module))?.value)
    } catch (cause) {
      if (!(cause instanceof TimeLimitError)) throw cause
      throw new InputError(`${file}: ${name} has a pattern that takes too long (${cause.message})`, { cause })
    }
  }
}
