import { InputError } from '@saeval/hub'

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

const read = new Set([
  'peft_type',
  'r',
  'lora_alpha',
  'use_rslora',
  'rank_pattern',
  'alpha_pattern',
  'base_model_name_or_path',
  'modules_to_save',
  'trainable_token_indices',
  'init_lora_weights',
])

/**
 * Reads an adapter_config.json. Throws InputError for other adapters than LoRA and for whatever makes a LoRA compute something else than
 * W + scale B A. Source: peft 0.21 (tuners/lora).
 */
export function readAdapterConfig(file: string, text: string): AdapterConfig {
  const fields = parse(file, text)
  const kind = String(fields.peft_type ?? '')
  if (kind.toUpperCase() !== 'LORA')
    throw new InputError(
      `${file}: the adapter is of the kind ${kind || 'unknown'}; only LoRA is supported, so merge it into the model with peft (merge_and_unload) and save that`,
    )
  for (const [name, value] of Object.entries(fields)) {
    if (read.has(name) || withoutEffect.has(name) || isEmpty(value)) continue
    throw new InputError(
      `${file}: ${name} is ${JSON.stringify(value)}, which changes what the adapter computes and is not supported; merge it with peft (merge_and_unload)`,
    )
  }
  const { init_lora_weights: init } = fields
  // the others take a part out of the base's weights when they are loaded
  if (typeof init === 'string' && !['gaussian', 'eva', 'orthogonal', 'true', 'false'].includes(init.toLowerCase()))
    throw new InputError(
      `${file}: init_lora_weights is "${init}", which changes the base's weights when the adapter is loaded; convert the adapter to a plain LoRA (save_pretrained with path_initial_model_for_weight_conversion) or merge it`,
    )
  const ranks = pattern(file, 'rank_pattern', fields.rank_pattern)
  const alphas = pattern(file, 'alpha_pattern', fields.alpha_pattern)
  const r = positive(file, 'r', fields.r ?? 8)
  const alpha = number(file, 'lora_alpha', fields.lora_alpha ?? 8)
  const rank = (module: string) => ranks(module) ?? r
  const saved = Array.isArray(fields.modules_to_save) ? fields.modules_to_save.map(String) : []
  return {
    file,
    baseModel: typeof fields.base_model_name_or_path === 'string' ? fields.base_model_name_or_path : null,
    rank,
    scale: (module) => (alphas(module) ?? alpha) / (fields.use_rslora ? Math.sqrt(rank(module)) : rank(module)),
    isSaved: (module) => saved.some((name) => module.endsWith(name)),
    tokens: tokenIndices(file, fields.trainable_token_indices),
  }
}

function parse(file: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new InputError(`${file} is not valid JSON; download the adapter again`, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InputError(`${file} does not hold an object; download the adapter again`)
  return value as Readonly<Record<string, unknown>>
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === false) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function number(file: string, name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new InputError(`${file}: ${name} is ${JSON.stringify(value)}, expected a number`)
}

function positive(file: string, name: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) > 0) return value as number
  throw new InputError(`${file}: ${name} is ${JSON.stringify(value)}, expected a positive whole number`)
}

/** peft's get_pattern_key: the first pattern that matches the end of a module's name. */
function pattern(file: string, name: string, value: unknown): (module: string) => number | undefined {
  const entries = Object.entries((value ?? {}) as Record<string, unknown>).map(([key, given]) => {
    const check = name === 'rank_pattern' ? positive : number
    try {
      return { expression: new RegExp(`^(.*\\.)?(${key})$`), value: check(file, `${name}.${key}`, given) }
    } catch (cause) {
      if (InputError.isInstance(cause)) throw cause
      throw new InputError(`${file}: ${name} has the pattern "${key}", which cannot be read`, { cause })
    }
  })
  return (module) => entries.find(({ expression }) => expression.test(module))?.value
}

/** A list for the embedding, or { embed_tokens: list }. */
function tokenIndices(file: string, value: unknown): readonly number[] | null {
  if (value === null || value === undefined) return null
  const lists = Array.isArray(value) ? [value] : Object.values(value as object)
  const [list] = lists
  if (lists.length === 1 && Array.isArray(list) && list.every((id) => Number.isInteger(id) && id >= 0))
    return list as readonly number[]
  throw new InputError(`${file}: trainable_token_indices is not one list of tokens`)
}
