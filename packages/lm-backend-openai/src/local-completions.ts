import { InputError, openFiles, option, sentence } from '@saeval/hub'
import { readModelJson } from '@saeval/hub/checks'
import {
  type GenerateUntilRequest,
  type LanguageModel,
  type LoglikelihoodResult,
  type ModelFactory,
  type RequestOptions,
  readLists,
} from '@saeval/language-model'
import { createChatTemplate, openTokenizer, type Tokenizer } from '@saeval/tokenizer'
import { tokenizerFilesOf } from '@saeval/tokenizer/internal/open-tokenizer'
import { readServerArguments, type ServerArguments, serverArguments } from './arguments.js'
import type { ServerOptions } from './ask-server.js'
import { promptToContinue, rollingPrompts, type ScoredPrompt, scoredPair, type TokenRules } from './encode-pairs.js'
import { inBatches } from './in-batches.js'
import { choicesOf, echoedLogprob, textOf } from './parse-answer.js'
import { beforeStops, echoed, generationPayload } from './payloads.js'
import { fingerprintOf, infoOf, type OpenServer, openServerOf } from './server-model.js'

/** lm_eval's `local-completions`: a model behind OpenAI's completions, as vLLM and llama.cpp serve them. */
export const localCompletions: ModelFactory = (given, context) => openCompletions(given, context)

/** The same, for tests with a way to wait of their own. */
export async function openCompletions(
  given: Parameters<ModelFactory>[0],
  context: Parameters<ModelFactory>[1],
  options: Pick<ServerOptions, 'wait'> = {},
): Promise<LanguageModel> {
  const name = 'local-completions'
  const backend = given.tokenizer_backend === null ? 'none' : given.tokenizer_backend
  const args = readServerArguments(name, given, serverArguments)
  const open = await openServerOf(name, args, context, options)
  const source = await tokenizerOf(args, open, backend, context)
  return completionsModel(name, args, open, source)
}

interface TokenizerSource {
  readonly tokenizer: Tokenizer
  readonly files: readonly (string | null)[]
}

/** The tokenizer of `tokenizer=…`, by default that of the model's own name; null without one. */
async function tokenizerOf(
  args: ServerArguments,
  { model }: OpenServer,
  backend: unknown,
  { hub }: Parameters<ModelFactory>[1],
): Promise<TokenizerSource | null> {
  if (backend === 'None' || backend === 'none') return null
  if (backend === 'tiktoken' || backend === 'remote')
    throw new InputError(
      sentence`${option('modelArgs')}: tokenizer_backend=${backend} is not supported; give the same tokenizer as tokenizer=…, a Hugging Face model or a folder with tokenizer.json`,
    )
  if (backend !== undefined && backend !== 'huggingface' && backend !== 'auto')
    throw new InputError(
      sentence`${option('modelArgs')}: tokenizer_backend is ${JSON.stringify(backend)}, expected huggingface or None`,
    )
  const files = await openFiles(args.tokenizer ?? model, args.revision, hub, ['tokenizer.json', 'config.json'])
  const configPath = await files.pathIfPresent('config.json')
  const config = configPath === null ? {} : await readModelJson(configPath)
  const modelType = typeof config.model_type === 'string' ? config.model_type : ''
  const tokenizer = await openTokenizer(files, { modelType, addBosToken: null })
  return { tokenizer, files: Object.values(await tokenizerFilesOf(files)) }
}

function completionsModel(
  name: string,
  args: ServerArguments,
  open: OpenServer,
  source: TokenizerSource | null,
): LanguageModel {
  const tokenizer = source?.tokenizer ?? null
  const asTokens = tokenizer !== null && (args.tokenized_requests ?? true)
  const maxLength = (args.max_length ?? 2048) - 1
  if (maxLength < 2) throw new InputError(sentence`${option('modelArgs')}: max_length must be 3 or more`)
  const eos = args.eos_string ?? tokenizer?.eos?.text ?? null
  const { server, model, seed, batching } = open
  let truncated = 0

  const rules = (): TokenRules => {
    if (tokenizer === null)
      throw new InputError(
        'log-likelihoods need a tokenizer, which counts the tokens of contexts; leave tokenizer_backend=None out and give tokenizer=…',
      )
    const prefixTokenId = args.custom_prefix_token_id ?? tokenizer.bos?.id ?? tokenizer.eos?.id
    if (prefixTokenId === undefined)
      throw new InputError('the tokenizer has neither a BOS nor an EOS token; give custom_prefix_token_id')
    return { tokenizer, addBosToken: args.add_bos_token ?? false, prefixTokenId, maxLength }
  }
  const stopOf = (options: RequestOptions) => {
    const signals = [open.signal, options.signal].filter((signal) => signal !== undefined)
    return signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }
  }
  /** As tokens, or as texts: one alone is no list there. */
  const promptOf = (prompts: readonly (readonly number[] | string)[]) =>
    !asTokens && batching.batchSize === 1 ? prompts[0] : prompts

  const score = (prompts: readonly ScoredPrompt[], options: RequestOptions): Promise<LoglikelihoodResult[]> =>
    inBatches(
      prompts,
      batching,
      () => '',
      async (batch, signal) => {
        const prompt = promptOf(batch.map(({ ids }) => (asTokens ? ids : tokenizer!.decode(ids))))
        const choices = choicesOf(await server.ask({ model, prompt, ...echoed, seed }, signal), batch.length)
        return batch.map(({ ids, from }, at) => echoedLogprob(choices[at]!, from, ids.length))
      },
      { ...stopOf(options), ...(options.onProgress ? { onProgress: options.onProgress } : {}) },
    )

  const write = (requests: readonly GenerateUntilRequest[], options: RequestOptions): Promise<string[]> => {
    const items = requests.map((request) => {
      const payload = generationPayload(request, eos)
      if (!asTokens) return { request, payload, prompt: request.context }
      const reading = { tokenizer, addBosToken: args.add_bos_token ?? false, maxLength }
      const { ids, isCut } = promptToContinue(reading, request.context, request.maxGenToks)
      if (isCut) truncated++
      return { request, payload, prompt: ids }
    })
    return inBatches(
      items,
      batching,
      ({ payload }) => JSON.stringify(payload),
      async (batch, signal) => {
        const prompt = promptOf(batch.map((item) => item.prompt))
        const answer = await server.ask({ prompt, model, seed, ...batch[0]!.payload }, signal)
        return choicesOf(answer, batch.length).map((choice, at) =>
          beforeStops(textOf(choice) ?? noText(open), batch[at]!.request.until),
        )
      },
      { ...stopOf(options), ...(options.onProgress ? { onProgress: options.onProgress } : {}) },
    )
  }

  return {
    info: infoOf(open, tokenizer, maxLength),
    report: () => (truncated === 0 ? {} : { truncatedRequests: truncated }),
    chatTemplate: tokenizer === null ? null : createChatTemplate(tokenizer),
    read: readLists({
      loglikelihood: (requests, options = {}) => {
        const known = rules()
        const prompts = requests.map(({ context, continuation }) => scoredPair(known, context, continuation))
        truncated += prompts.filter(({ isCut }) => isCut).length
        return score(prompts, options)
      },
      loglikelihood_rolling: async (requests, options = {}) => {
        const known = rules()
        const windows = requests.map(({ text }) => rollingPrompts(known, text))
        // progress counts documents, and windows of all of them are asked side by side
        const scores = await score(windows.flat(), { ...options, onProgress: () => {} })
        let from = 0
        const sums = windows.map((own) => {
          const part = scores.slice(from, from + own.length)
          from += own.length
          return part.reduce((sum, { logprob }) => sum + logprob, 0)
        })
        options.onProgress?.(requests.length, requests.length)
        return sums
      },
      generate_until: async (requests, options = {}) => write(requests, options),
    }),
    fingerprint: () => fingerprintOf(name, open, args, source?.files ?? []),
    close: async () => server.close(),
  }
}

/** What stands for a text that the server did not give, as in lm_eval. */
export function noText({ notice }: Pick<OpenServer, 'notice'>): string {
  notice(
    'the server gave no text for a prompt, which counts as an empty one; look at the limit of new tokens',
    'warning',
  )
  return ''
}
