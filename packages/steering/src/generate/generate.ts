import { type HubOptions, InputError, type Notice, option, SentenceError, sentence } from '@saeval/hub'
import {
  answerAll,
  type DeviceChoice,
  defaultSeed,
  deviceChoice,
  type GeneratedTokens,
  type GenerateUntilRequest,
  type ModelArguments,
  type ModelInfo,
  type PlannedWork,
  type SteerableModel,
} from '@saeval/language-model'
import { uncountedWork } from '@saeval/language-model/internal/planned-work'
import { actingOf } from '../effects/acting.js'
import { openSteering } from '../models/open-steering.js'
import type { LoweredEdits } from '../models/steering.js'
import type { Generation, Generations } from './generations.js'
import { type LatentReading, latentReadings, readLatents } from './latent-readings.js'
import { settledText, tokenTexts } from './token-texts.js'

export interface GenerateOptions extends DeviceChoice {
  /** sae_steered_beta (default) or steered. */
  readonly model?: string
  /** Those of the model: base_name, csv_path, semantics, …; or pretrained, steer_path, … */
  readonly modelArgs: ModelArguments
  readonly prompts: readonly string[]
  /** Each is a setting with all rows' coefficients set to it; null (default) steers once with the file's own. */
  readonly coefficients?: readonly number[] | null
  /** New tokens at most, 64 by default. */
  readonly maxGenToks?: number
  /** 0 (default) takes the most likely token. */
  readonly temperature?: number
  /** The model's files decide where it is null, else 50; 0 keeps all tokens. */
  readonly topK?: number | null
  readonly topP?: number | null
  /** `defaultSeed` by default; a prompt has the same draws in every setting. */
  readonly seed?: number
  /** Texts that end a continuation. */
  readonly until?: readonly string[]
  /** Put each prompt as a user's turn into the model's chat template. */
  readonly applyChatTemplate?: boolean
  readonly hub?: HubOptions
  readonly signal?: AbortSignal
  /** Where it is given, it is called with what there is to do, nothing is generated, and the result is null. */
  readonly onPlanned?: (plan: GeneratePlan) => void
  readonly onNotice?: Notice
  /**
   * Called with what a continuation gains while it is written. With it, continuations are written prompt after prompt; without it, all prompts of a
   * setting side by side. A prompt's continuations under other settings are written beside the unsteered one, and then come whole. The texts are the same.
   */
  readonly onText?: (place: { readonly prompt: number; readonly label: string }, added: string) => void
}

/** What would be generated: the same prompts under so many settings. */
export interface GeneratePlan {
  /** The model, as it was named. */
  readonly model: string
  readonly info: ModelInfo
  readonly planned: PlannedWork
  readonly settings: number
}

interface Setting {
  readonly label: string
  readonly coefficient: number | null
  readonly model: SteerableModel
}

/**
 * Continues prompts with the unsteered model and under each setting, and records of every token its log-probabilities and the edited
 * latents' activations. Throws InputError for what cannot be done, before anything is generated.
 */
export async function generate(options: GenerateOptions & { readonly onPlanned?: undefined }): Promise<Generations>
export async function generate(options: GenerateOptions): Promise<Generations | null>
export async function generate(options: GenerateOptions): Promise<Generations | null> {
  const { prompts, coefficients = null, model = 'sae_steered_beta' } = options
  if (prompts.length === 0) throw new InputError(sentence`${option('prompts')} holds no prompt`)
  if (coefficients?.length === 0) throw new InputError(sentence`${option('coefficients')} names no number`)
  const sampling = samplingOf(options)
  const { baseName, steering, base, allowInert } = await openSteering(model, options.modelArgs, {
    batchSize: 'auto',
    ...deviceChoice(options),
    notice: options.onNotice ?? (() => {}),
    hub: options.hub ?? {},
    withoutDownload: options.onPlanned !== undefined,
  })
  try {
    const contexts = options.applyChatTemplate ? prompts.map((prompt) => chatPrompt(base, prompt)) : prompts
    if (coefficients !== null && !steering.hasCoefficients)
      throw new InputError(sentence`${option('coefficients')}: no row of ${steering.file.path} has a coefficient`)
    if (options.onPlanned) {
      const read = await base.read(prompts.map((_, prompt) => requestOf({ ...options, sampling, contexts }, prompt)))
      const planned = read.planned?.([...prompts.keys()]) ?? uncountedWork(prompts.length)
      options.onPlanned({ model: baseName, info: base.info, planned, settings: 1 + (coefficients?.length ?? 1) })
      return null
    }
    const own = await steering.lower(base)
    const edits = new Set<string>()
    const steered: (Omit<Setting, 'model'> & { readonly lowered: LoweredEdits })[] = []
    for (const coefficient of coefficients ?? [null]) {
      const lowered = await steering.lower(base, { coefficient })
      // tries every row; a coefficient of 0 is meant to do nothing
      if (coefficient !== 0) await lowered.steer(base)
      for (const line of lowered.lines) edits.add(line)
      const label = coefficient === null ? 'steered' : `coefficient ${coefficient}`
      steered.push({ label, coefficient, lowered })
    }
    // a prompt's texts are written for all settings side by side
    const together = base.writeBeside?.([[], ...steered.map(({ lowered }) => lowered.interventions)]) ?? base
    const settings: Setting[] = [
      { label: 'unsteered', coefficient: null, model: together.steer([]) },
      ...steered.map(({ label, coefficient, lowered }) => {
        return { label, coefficient, model: together.steer(lowered.interventions) }
      }),
    ]
    const { readings, unread } = await latentReadings(own.rows)
    const job: Job = { ...options, sampling, base, readings, contexts }
    const written = prompts.map((): Generation[] => [])
    const all = [...prompts.keys()]
    for (const some of options.onText ? all.map((prompt) => [prompt]) : [all]) {
      const texts: WrittenTexts[] = []
      for (const setting of settings) texts.push(await write(job, setting, some))
      for (const generations of await record(job, settings, texts))
        for (const [index, generation] of generations.entries()) written[some[index]!]!.push(generation)
    }
    for (const [index, { label, coefficient, lowered }] of steered.entries()) {
      // a coefficient of 0 may do nothing here too
      const { line, problem } = actingOf(settings[index + 1]!.model, lowered.trial, coefficient === 0 || allowInert)
      if (problem !== null) throw new SentenceError(sentence`${label}: ${problem}`)
      if (line !== null) options.onNotice?.(`${label}: ${line}`)
    }
    return {
      model: baseName,
      edits: [...edits],
      latents: readings.map(({ latent }) => latent),
      unread,
      options: {
        model_args: options.modelArgs,
        [model === 'steered' ? 'steer_sha256' : 'csv_sha256']: steering.file.sha256,
        coefficients,
        max_gen_toks: options.maxGenToks ?? defaults.maxGenToks,
        temperature: options.temperature ?? 0,
        top_k: options.topK ?? null,
        top_p: options.topP ?? null,
        seed: options.seed ?? defaults.seed,
        until: options.until ?? [],
        apply_chat_template: options.applyChatTemplate ?? false,
        generation_settings: settings[0]!.model.report?.().provenance?.generation_settings ?? {},
      },
      prompts: prompts.map((prompt, index) => ({ prompt, settings: written[index]! })),
    }
  } finally {
    await base.close()
    await steering.close()
  }
}

const defaults = { maxGenToks: 64, seed: defaultSeed } as const

interface Job extends GenerateOptions {
  readonly sampling: ReturnType<typeof samplingOf>
  readonly base: SteerableModel
  readonly readings: readonly LatentReading[]
  /** The prompts as the model gets them. */
  readonly contexts: readonly string[]
}

function requestOf(
  { sampling, contexts, until = [] }: Pick<Job, 'sampling' | 'contexts' | 'until'>,
  prompt: number,
): GenerateUntilRequest {
  return { type: 'generate_until', ...sampling, context: contexts[prompt]!, until, draw: prompt }
}

/** Continuations of some prompts under one setting: texts, and their tokens. */
interface WrittenTexts {
  readonly texts: readonly string[]
  readonly tokens: readonly GeneratedTokens[]
}

/** Continues some of the prompts under one setting. */
async function write(job: Job, { label, model }: Setting, prompts: readonly number[]): Promise<WrittenTexts> {
  const { until = [], onText, signal } = job
  const { tokenizer } = model
  const written: GeneratedTokens[] = []
  const shown = prompts.map(() => '')
  const show = (request: number, text: string) => {
    const before = shown[request]!
    if (text.length <= before.length || !text.startsWith(before)) return
    shown[request] = text
    onText!({ prompt: prompts[request]!, label }, text.slice(before.length))
  }
  const texts = await answerAll(
    model,
    prompts.map((prompt) => requestOf(job, prompt)),
    {
      seed: job.seed ?? defaults.seed,
      ...(signal ? { signal } : {}),
      onTokens: (generated) => {
        written[generated.request] = generated
        const { request, newIds } = generated
        if (!onText) return
        const settled = newIds.slice(0, tokenizer.settled(newIds))
        show(request, settledText(tokenizer.decode(settled, { skipSpecialTokens: true }), until))
      },
    },
  )
  if (onText) for (const [request, text] of texts.entries()) show(request, text)
  if (texts.some((_, request) => written[request] === undefined))
    throw new InputError(
      'this backend does not tell the tokens that it writes (RequestOptions.onTokens), which generate needs',
    )
  return { texts, tokens: written }
}

/** What each setting and the unsteered model make of what was written under it. */
async function record(
  job: Job,
  settings: readonly Setting[],
  written: readonly WrittenTexts[],
): Promise<Generation[][]> {
  const { signal, base } = job
  const { tokenizer } = base
  const options = signal ? { signal } : {}
  const rows = written.map(({ tokens }) =>
    tokens.map(({ promptIds, newIds }) => ({
      ids: [...promptIds, ...newIds.slice(0, -1)],
      predictions: newIds.map((token, index) => ({ position: promptIds.length - 1 + index, token })),
      promptLength: promptIds.length,
    })),
  )
  const plain = base.steer([])
  // the texts of all settings begin alike
  const unsteered = await plain.scoreTokens(rows.flat(), options)
  const all: Generation[][] = []
  for (const [index, { label, coefficient, model }] of settings.entries()) {
    const isSteered = model.interventions.length > 0
    const { texts, tokens } = written[index]!
    const beside = unsteered.slice(index * tokens.length, (index + 1) * tokens.length)
    const own = isSteered ? await model.scoreTokens(rows[index]!, options) : beside
    const generations: Generation[] = []
    for (const [request, { promptIds, newIds }] of tokens.entries()) {
      signal?.throwIfAborted()
      const ids = [...promptIds, ...newIds]
      const activations = await readLatents(model, job.readings, ids, promptIds.length)
      const read = isSteered ? await readLatents(plain, job.readings, ids, promptIds.length) : activations
      const pieces = tokenTexts(tokenizer, newIds)
      generations.push({
        label,
        coefficient,
        steered: isSteered,
        text: texts[request]!,
        tokens: newIds.map((id, at) => ({
          id,
          text: pieces[at]!,
          logprob: own[request]!.logprobs[at]!,
          unsteered_logprob: beside[request]!.logprobs[at]!,
          activations: activations[at]!,
          unsteered_activations: read[at]!,
        })),
      })
    }
    all.push(generations)
  }
  return all
}

function samplingOf({ temperature = 0, topK = null, topP = null, maxGenToks = defaults.maxGenToks }: GenerateOptions) {
  if (!(temperature >= 0 && Number.isFinite(temperature)))
    throw new InputError(sentence`${option('temperature')} ${temperature}: expected a number from 0`)
  if (topP !== null && !(topP > 0 && topP <= 1))
    throw new InputError(sentence`${option('topP')} ${topP}: expected a number above 0, up to 1`)
  if (temperature === 0 && (topK !== null || topP !== null))
    throw new InputError(
      sentence`${option('topK')} and ${option('topP')} choose among samples; give a ${option('temperature')} above 0 with them`,
    )
  const given = { top_k: topK, top_p: topP, max_new_tokens: maxGenToks }
  const settings = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
  return { doSample: temperature > 0, temperature, maxGenToks, settings }
}

function chatPrompt({ chatTemplate }: SteerableModel, content: string): string {
  if (chatTemplate === null)
    throw new InputError(sentence`${option('applyChatTemplate')}: the model has no chat template`)
  return chatTemplate.render([{ role: 'user', content }], { addGenerationPrompt: true, continueFinalMessage: false })
}
