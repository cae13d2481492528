import { InputError, option, sentence } from '@saeval/hub'
import type { GenerateUntilRequest, GenerationSettings } from '@saeval/language-model'
import { generationSettingProblem, otherWaysToGenerate } from '@saeval/language-model/internal/generation-settings'
import type { ModelSettings } from './model-settings.js'

/** Settings of generate() that count for a text; what is missing is off. */
export interface DecodingSettings {
  readonly top_k?: number
  readonly top_p?: number
  readonly min_p?: number
  readonly top_h?: number
  readonly typical_p?: number
  readonly epsilon_cutoff?: number
  readonly eta_cutoff?: number
  readonly repetition_penalty?: number
  readonly encoder_repetition_penalty?: number
  readonly no_repeat_ngram_size?: number
  readonly encoder_no_repeat_ngram_size?: number
  readonly bad_words_ids?: readonly (readonly number[])[]
  readonly sequence_bias?: readonly (readonly [readonly number[], number])[]
  readonly min_length?: number
  readonly min_new_tokens?: number
  readonly max_length?: number
  readonly max_new_tokens?: number
  readonly forced_bos_token_id?: number
  readonly forced_eos_token_id?: number | readonly number[]
  readonly eos_token_id?: number | readonly number[]
  readonly suppress_tokens?: readonly number[]
  readonly begin_suppress_tokens?: readonly number[]
  readonly exponential_decay_length_penalty?: readonly [number, number]
  readonly remove_invalid_values?: boolean
}

/** What counts, and which of it the request does not say itself. */
export interface ResolvedSettings {
  readonly settings: DecodingSettings
  readonly origins: SettingOrigins
}

/** "generation_config.json", "config.json" or "transformers" (its defaults) -> settings that come from there. */
export type SettingOrigins = Readonly<Record<string, GenerationSettings>>

/** What generate() takes for settings that neither a request nor a file names; all others are off then. */
const defaults: GenerationSettings = { top_k: 50 }

/** Settings that choose among tokens where a text is sampled. */
const ofSampling = ['top_k', 'top_p', 'min_p', 'top_h', 'typical_p', 'epsilon_cutoff', 'eta_cutoff']

/** Settings that were checked and then change no choice. */
const withoutEffect = [...otherWaysToGenerate, 'renormalize_logits']

/** Values that do nothing. */
const neutral: GenerationSettings = {
  ...{ top_k: 0, top_p: 1, min_p: 0, typical_p: 1, epsilon_cutoff: 0, eta_cutoff: 0 },
  ...{ repetition_penalty: 1, encoder_repetition_penalty: 1, no_repeat_ngram_size: 0, encoder_no_repeat_ngram_size: 0 },
  ...{ min_length: 0, min_new_tokens: 0, remove_invalid_values: false },
}

/**
 * The settings of one request by the rules of generate(): its own, else the model's files', else defaults. `tokenizerEos` ends a text
 * anyway. Throws InputError for a setting that cannot be honoured.
 */
export function resolveSettings(
  model: ModelSettings,
  { doSample, settings: own = {} }: Pick<GenerateUntilRequest, 'doSample' | 'settings'>,
  tokenizerEos: number | null,
): ResolvedSettings {
  const settings: Record<string, unknown> = {}
  const origins: Record<string, Record<string, unknown>> = {}
  const seen = new Map<string, unknown>()
  const add = (source: string | null, values: GenerationSettings) => {
    for (const [name, value] of Object.entries(values)) {
      if (seen.has(name)) continue
      seen.set(name, value)
      const problem = generationSettingProblem(name, value)
      if (problem !== null)
        throw new InputError(
          source === null
            ? `a request to generate a text: ${name} ${problem}`
            : sentence`${source} of the model: ${name} ${problem}; ${option('genKwargs')} ${name}=… counts instead of the file`,
        )
      if (value === null || value === neutral[name] || withoutEffect.includes(name)) continue
      if (ofSampling.includes(name) && !doSample) continue
      settings[name] = value
      const isKnown = name === 'eos_token_id' && [value].flat().every((id) => id === tokenizerEos)
      if (source !== null && !isKnown) origins[source] = { ...origins[source], [name]: value }
    }
  }
  add(null, own)
  // lm_eval always gives a length of its own
  const { max_length: _, ...values } = model.values
  add(model.file, values)
  add('transformers', defaults)
  // generate() sets the one from the other
  if ((seen.get('min_new_tokens') ?? null) !== null)
    for (const found of [settings, ...Object.values(origins)]) delete found.min_length
  return { settings, origins }
}

/** Adds settings of other requests to those of earlier ones. */
export function addOrigins(all: Record<string, GenerationSettings>, more: SettingOrigins): void {
  for (const [source, settings] of Object.entries(more)) all[source] = { ...all[source], ...settings }
}

/** New tokens at most, as generate() has it: max_new_tokens, also the file's, counts more than lm_eval's max_gen_toks. */
export function newTokensLimit(settings: DecodingSettings, promptLength: number, maxGenToks: number): number {
  const { max_new_tokens: limit, max_length: whole } = settings
  if (limit !== undefined) return limit
  if (whole === undefined) return maxGenToks
  if (whole <= promptLength)
    throw new InputError(
      `max_length ${whole} leaves no room after a prompt of ${promptLength} tokens; give max_gen_toks`,
    )
  return whole - promptLength
}

// of names that a file makes up
const mostNames = 20
const longestName = 60

/** One line about what a model's files decide, or null where they decide nothing. */
export function originsLine(origins: SettingOrigins, { unknown, file }: ModelSettings): string | null {
  const shown = ([name, value]: readonly [string, unknown]) => {
    const text = JSON.stringify(value)
    return text.length > 40 && Array.isArray(value) ? `${name} (${value.length} entries)` : `${name}=${text}`
  }
  const parts = Object.entries(origins).map(
    ([source, values]) =>
      `${Object.entries(values).map(shown).join(', ')} (${source === 'transformers' ? "transformers' default" : source})`,
  )
  if (unknown.length > 0) {
    const names = unknown.slice(0, mostNames).map((name) => name.slice(0, longestName))
    const more = unknown.length > mostNames ? ` and ${unknown.length - mostNames} more` : ''
    parts.push(`nothing by ${names.join(', ')}${more} of ${file}`)
  }
  return parts.length === 0 ? null : `texts are generated with ${parts.join(', ')}`
}
