import { InputError } from '@saeval/hub'
import { isObject } from '@saeval/hub/checks'

type Values = Readonly<Record<string, unknown>>

/** A cfg.json of any version with the registry's overrides, under the names and values of version 6, as SAELens converts them. */
export function modernFields(file: string, values: Values, overrides: Values): Values {
  const result: Record<string, unknown> = { ...flatten(values), ...flatten(overrides) }
  const rename = (old: string, name: string) => {
    if (result[name] === undefined && result[old] !== undefined) result[name] = result[old]
  }
  rename('hook_point', 'hook_name')
  rename('hook_point_head_index', 'hook_head_index')
  rename('activation_fn_str', 'activation_fn')
  if (result.normalize_activations === false) result.normalize_activations = 'none'
  if (result.normalize_activations === true) result.normalize_activations = 'expected_average_only_in'
  if (isBefore6(result.sae_lens_version)) convertActivation(file, result)
  return result
}

/** Version 6 keeps the facts about the language model under `metadata`. */
function flatten(values: Values): Values {
  const { metadata, ...rest } = values
  return { ...(isObject(metadata) ? metadata : {}), ...rest }
}

function isBefore6(version: unknown): boolean {
  return typeof version !== 'string' || Number.parseInt(version, 10) < 6
}

/** Before version 6 top-k was an activation function, and hook_z SAEs were told by their hook point. */
function convertActivation(file: string, result: Record<string, unknown>): void {
  result.reshape_activations ??= String(result.hook_name).includes('hook_z') ? 'hook_z' : 'none'
  if (result.activation_fn === 'topk' || result.architecture === 'topk') {
    const kwargs = result.activation_fn_kwargs as { k?: unknown } | null | undefined
    result.architecture = 'topk'
    result.k ??= kwargs?.k
    if (result.k == null) throw new InputError(`${file}: a top-k SAE without k (activation_fn_kwargs)`)
  } else if (
    (result.architecture ?? 'standard') === 'standard' &&
    !['relu', undefined, null].includes(result.activation_fn as string | null | undefined)
  ) {
    throw new InputError(`${file}: the activation function ${JSON.stringify(result.activation_fn)} is not supported`)
  }
}
