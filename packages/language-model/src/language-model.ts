import type { GenerationSettings } from './generation-settings.js'

/** log P(continuation | context), as lm_eval's loglikelihood request. */
export interface LoglikelihoodRequest {
  readonly context: string
  readonly continuation: string
}

export interface LoglikelihoodResult {
  /** Sum over the continuation's tokens, in nats. */
  readonly logprob: number
  /** Whether every token of the continuation is the model's most likely one. */
  readonly isGreedy: boolean
}

/** log P(text) of a whole document, in windows as lm_eval's loglikelihood_rolling request. */
export interface LoglikelihoodRollingRequest {
  readonly text: string
}

/** lm_eval's generate_until request; the defaults are applied by the harness, so every field is given. */
export interface GenerateUntilRequest {
  readonly context: string
  /** Stop strings; the end-of-text token always stops too. */
  readonly until: readonly string[]
  /** New tokens at most. */
  readonly maxGenToks: number
  readonly doSample: boolean
  readonly temperature: number
  /** What the task says of other settings of generate(); the model's own files decide about the rest. None by default. */
  readonly settings?: GenerationSettings
  /** Which of the run's draws a sampled text is; by default the request's place in the list. */
  readonly draw?: number
}

/** Work in a unit of the model's own, each of which takes about as long: a token's way through the model. */
export interface Work {
  readonly done: number
  readonly total: number
}

/** What answering some requests takes; those with kept answers take nothing. */
export interface PlannedWork {
  /** Requests to be answered. */
  readonly requests: number
  /** Their tokens, each request by itself. */
  readonly requestTokens: number
  /** Tokens that are computed for them before any text is written: what they share counts once. */
  readonly tokens: number
  /** New tokens at most. */
  readonly newTokens: number
  /** See Work: its total as far as it is known before. */
  readonly work: number
}

export interface RequestOptions {
  /** Called whenever more of the requests are answered. */
  readonly onProgress?: (done: number, total: number) => void
  /** Called whenever more of the work is done; its total changes while it can only be guessed how long texts become. */
  readonly onWork?: (work: Work) => void
  readonly signal?: AbortSignal
  /** For sampled generation; 1234 by default. The draws are the backend's own, not PyTorch's. */
  readonly seed?: number
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface ChatTemplate {
  /** The Jinja source. */
  readonly source: string
  render(
    messages: readonly ChatMessage[],
    options: { addGenerationPrompt: boolean; continueFinalMessage: boolean },
  ): string
}

/** Facts about the model that go into the results file; names as in lm_eval's results.json. */
export interface ModelInfo {
  /** Number of weights, tied ones counted once. */
  readonly numParameters: number
  /** Bytes that the weights take in memory, and of those files that are to be downloaded before anything can be computed. */
  readonly memory?: { readonly weights: number; readonly toDownload: number }
  /** As PyTorch prints it: "torch.float32". */
  readonly dtype: string
  readonly revision: string
  /** Commit the weights came from, "" for a local folder. */
  readonly sha: string
  /** Longest input in tokens. */
  readonly maxLength: number
  /** [text, id] or null where the tokenizer has none. */
  readonly padToken: readonly [string, number] | null
  readonly eosToken: readonly [string, number] | null
  readonly bosToken: readonly [string, number] | null
  readonly eotTokenId: number | null
  /** Batch sizes found by `auto`; empty when a number was given. */
  readonly batchSizes: readonly number[]
  /** Requests so far whose beginning did not fit the model's longest input and was cut; those with kept answers too. */
  readonly truncatedRequests?: number
  /**
   * Tokens of all requests so far, those with kept answers too, and of the texts that were generated; and how many were computed: shared
   * beginnings count once, kept answers not at all.
   */
  readonly tokens?: { readonly requested: number; readonly computed: number }
  /** Requests so far whose answers were kept from an earlier run; only of a model with a cache. */
  readonly keptAnswers?: number
  /** One line for each edit of the activations, shown above the results; none for a model as it is. */
  readonly edits?: readonly string[]
  /** Lines about what the edits did in the requests so far, shown with the results. */
  readonly notes?: readonly string[]
  /** Whether an edit has acted at any token so far, or may have where that is not counted; absent for a model without edits. */
  readonly acted?: boolean
  /**
   * Why the answers so far are not this model's (no edit has acted at any token), those with kept answers too; absent where nothing speaks against
   * them. Nobody may present them as its results then.
   */
  readonly problem?: string
  /** Anything a backend wants recorded under "saeval" in results.json: edits, file identities, hook points. JSON values. */
  readonly provenance: Readonly<Record<string, unknown>>
}

/** Answers those requests of a list that stand at these places, in their order. */
export interface AnswerPart<Answer> {
  (places: readonly number[], options?: RequestOptions): Promise<Answer[]>
  /** What that will take; of a model that does not tell, `onWork` is not called either. */
  readonly planned?: (places: readonly number[], options?: RequestOptions) => PlannedWork
}

/** Reads lists of requests and answers them in parts. What the model counts, and what it refuses, is then about the whole list. */
export interface InParts {
  loglikelihood(requests: readonly LoglikelihoodRequest[]): Promise<AnswerPart<LoglikelihoodResult>>
  loglikelihoodRolling(requests: readonly LoglikelihoodRollingRequest[]): Promise<AnswerPart<number>>
  generateUntil(requests: readonly GenerateUntilRequest[]): Promise<AnswerPart<string>>
}

/** What a backend is to the harness. Answers come in the order of the requests. */
export interface LanguageModel {
  readonly info: ModelInfo
  readonly chatTemplate: ChatTemplate | null
  loglikelihood(requests: readonly LoglikelihoodRequest[], options?: RequestOptions): Promise<LoglikelihoodResult[]>
  loglikelihoodRolling(requests: readonly LoglikelihoodRollingRequest[], options?: RequestOptions): Promise<number[]>
  generateUntil(requests: readonly GenerateUntilRequest[], options?: RequestOptions): Promise<string[]>
  /**
   * The same answers part by part, where many are kept already (--use_cache). Without it the requests that are left are asked as lists of
   * their own, and the model knows of no others.
   */
  readonly inParts?: InParts
  /**
   * Text that is another one whenever anything that can change an answer is another: weights, edits, tokenizer, precision, longest input.
   * Without it answers cannot be kept (--use_cache).
   */
  readonly fingerprint?: () => Promise<string>
  /** Frees sessions and threads. */
  close(): Promise<void>
}
