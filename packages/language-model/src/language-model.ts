import type { Counted, ModelInfo, ModelReport } from './model-info.js'
import type { AnswerTo, ModelRequest } from './requests.js'

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

/** How far the text of one generate_until request is. */
export interface GeneratedTokens {
  /** Its index in the list of requests. */
  readonly request: number
  /** The prompt as the model reads it, special tokens included. */
  readonly promptIds: readonly number[]
  /** All new tokens so far, the one that ends the text included. */
  readonly newIds: readonly number[]
}

/** How requests are answered. */
export interface RequestOptions {
  /** Called whenever more of the requests are answered. */
  readonly onProgress?: (done: number, total: number) => void
  /** Called whenever more of the work is done; its total changes while it can only be guessed how long texts become. */
  readonly onWork?: (work: Work) => void
  /** Called after every new token of a text, and once more with all of them before the request is answered; by models that can. */
  readonly onTokens?: (generated: GeneratedTokens) => void
  readonly signal?: AbortSignal
  /** For sampled generation; `defaultSeed` by default. The draws are the backend's own, not PyTorch's. */
  readonly seed?: number
}

/** A list of requests that a model has read. What it counts, and what it refuses, is about the whole list. */
export interface ReadRequests<Request extends ModelRequest = ModelRequest> {
  /** Answers those requests of the list that have these indices, in their order. */
  answer(indices: readonly number[], options?: RequestOptions): Promise<AnswerTo<Request>[]>
  /** What that will take; of a model that does not tell, `onWork` is not called either. */
  readonly planned?: (indices: readonly number[], options?: RequestOptions) => PlannedWork
}

/** A turn of a conversation. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** How a model wants conversations written. */
export interface ChatTemplate {
  /** The Jinja source. */
  readonly source: string
  render(
    messages: readonly ChatMessage[],
    options: { addGenerationPrompt: boolean; continueFinalMessage: boolean },
  ): string
}

/** A file that decides a model's answers. */
export interface ModelFile {
  /** Name of the repository, or the folder as it was given. */
  readonly place: string
  /** Commit of the repository; "" for a folder. */
  readonly commit: string
  /** Path inside the place, with forward slashes. */
  readonly path: string
  /** Where it lies on this machine. */
  readonly file: string
}

/** What a model is to everyone else. */
export interface LanguageModel {
  /** What is fixed about it. */
  readonly info: ModelInfo
  /**
   * What it has counted so far; absent of a model that counts nothing. What it says of its edits includes what was counted `before`, for answers
   * that were kept.
   */
  report?(before?: Counted): ModelReport
  readonly chatTemplate: ChatTemplate | null
  /**
   * Reads requests of any types. Throws InputError for what cannot be answered, before hours of work. `readLists` and `readByType` make it from
   * simpler functions; `answerAll` asks for a whole list.
   */
  read<Request extends ModelRequest>(requests: readonly Request[]): Promise<ReadRequests<Request>>
  /**
   * Text that is another one whenever anything that can change an answer is another: weights, edits, tokenizer, precision, longest input.
   * Without it answers cannot be kept (--use_cache).
   */
  readonly fingerprint?: () => Promise<string>
  /** The files that decide its answers, adapters and tokenizers among them. Absent of a backend that has none or does not tell. */
  readonly files?: () => Promise<readonly ModelFile[]>
  /** Frees sessions and threads. */
  close(): Promise<void>
}
