import { InputError, type ModelFiles } from '@saeval/hub'
import { readModelJson, shown } from '@saeval/hub/checks'
import type { GenerationSettings } from '@saeval/language-model'
import { generationSettingNames } from '@saeval/language-model/internal/generation-settings'

/** What a model's own files say about generating. */
export interface ModelSettings {
  /** Name of the file they are from. */
  readonly file: string
  readonly values: GenerationSettings
  /** Fields of generation_config.json that generate() does not know. */
  readonly unknown: readonly string[]
}

/** Fields that no text depends on where one text at a time is written without beams, an assistant or an encoder. */
const withoutEffect = [
  ...['do_sample', 'temperature', 'bos_token_id', 'pad_token_id', 'decoder_start_token_id', 'transformers_version'],
  ...['early_stopping', 'length_penalty', 'num_beam_groups', 'diversity_penalty', 'use_cache', 'cache_config'],
  ...['max_cache_len', 'output_attentions', 'output_hidden_states', 'output_scores', 'output_logits', 'low_memory'],
  ...['return_dict_in_generate', 'num_assistant_tokens', 'num_assistant_tokens_schedule', 'max_matching_ngram_size'],
  ...['assistant_confidence_threshold', 'assistant_lookbehind', 'target_lookbehind', 'assistant_ensemble_weight'],
  ...['speculation_type', 'compile_config', 'disable_compile', 'continuous_batching_config', 'prefill_chunk_size'],
  ...['_from_model_config', '_commit_hash', 'force_bos_token_to_be_generated'],
]

/** Sections of config.json whose fields count where the outer ones are missing. */
const sections = ['decoder', 'generator', 'text_config']

/**
 * Reads generation_config.json, or where a model has none the fields of generate() in config.json, as transformers 5.18 does
 * (GenerationMixin.adjust_generation_fn). `do_sample` and `temperature` of the files never count: lm_eval always gives its own.
 * Throws InputError for a file that is no JSON object.
 */
export async function readModelSettings(files: ModelFiles): Promise<ModelSettings> {
  const path = await files.pathIfPresent('generation_config.json')
  if (path !== null) {
    const given = await readModelJson(path)
    const known = [...generationSettingNames, ...withoutEffect]
    const unknown = given._from_model_config === true ? [] : Object.keys(given).filter((name) => !known.includes(name))
    return { file: 'generation_config.json', values: settingsIn(path, given), unknown }
  }
  const configPath = await files.path('config.json')
  const config = await readModelJson(configPath)
  const inner = sections.map((name) => config[name]).find((section) => typeof section === 'object' && section !== null)
  return {
    file: 'config.json',
    values: { ...settingsIn(configPath, inner ?? {}), ...settingsIn(configPath, config) },
    unknown: [],
  }
}

/** Whether a value is nested no deeper than any setting's. */
function isFlat(value: unknown, levels = 3): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((part) => isFlat(part, levels - 1))
}

function settingsIn(file: string, given: object): GenerationSettings {
  const {
    _from_model_config: old,
    force_bos_token_to_be_generated: forced,
    ...fields
  } = given as Record<string, unknown>
  const bos = forced === true && old === true ? { forced_bos_token_id: fields.bos_token_id } : {}
  const settings = Object.entries({ ...fields, ...bos }).filter(
    ([name, value]) => value !== null && generationSettingNames.includes(name),
  )
  const deep = settings.find(([, value]) => !isFlat(value))
  if (deep) throw new InputError(`${file}: ${deep[0]} is ${shown(deep[1])}, which is no setting of generate()`)
  return Object.fromEntries(settings)
}
