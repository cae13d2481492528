import type { Edit } from './edit.js'
import type { Playground } from './playground.js'

/** What is known of a latent. */
export interface Latent {
  readonly latent: number
  readonly label: string | null
  readonly maxActivation: number | null
}

/** A token of a text, and what the edited latents were on it, in the order of the edits. */
export interface ShownToken {
  readonly text: string
  readonly activations: readonly number[]
}

/** A text of the model: as it is, or steered. */
export interface ShownText {
  readonly side: Side
  /** Ids of the tokens of both parts. */
  readonly ids: readonly number[]
  readonly prompt: readonly ShownToken[]
  readonly tokens: readonly ShownToken[]
  /** Whether the beginning is longer than what the model takes beside the new tokens: then its end is read. */
  readonly isCut: boolean
}
export type Side = 'plain' | 'steered'

/** A token that may come next, and its probabilities from 0 to 1. */
export interface NextToken {
  readonly text: string
  readonly plain: number
  readonly steered: number
}

/** A latent that is active on a token. */
export interface ActiveLatent {
  readonly sae: number
  readonly latent: number
  readonly activation: number
}

/** What an edit does to a test sentence: something, nothing because the latent is silent on it, or nothing ever. */
export type RowEffect = 'acts' | 'silent' | 'inert'

/** What the page asks of a worker. A request of a kind ends the one of that kind before it; `write` ends `prepareEdits` and `check`, too. */
export interface Requests {
  /** onnxruntime's WebAssembly, and whether it is to compute on WebGPU: it starts while the page reads the model's files. */
  readonly prepare: { readonly module: WebAssembly.Module; readonly onGpu: boolean }
  /** The files by path. */
  readonly open: { readonly files: Readonly<Record<string, Uint8Array>> }
  /** `room` are the edits on the page, those that change nothing too: one session serves them and the model as it is. */
  readonly write: { readonly prompt: string; readonly edits: readonly Edit[]; readonly room: readonly Edit[] }
  /** Opens what texts under such edits will need, whatever their strengths: a slider that moves waits for nothing then. */
  readonly prepareEdits: { readonly edits: readonly Edit[] }
  readonly score: { readonly edits: readonly Edit[] }
  /** Tries edits as `saeval run` does before it asks anything. */
  readonly check: { readonly edits: readonly Edit[] }
  /** What is active on the token at an index of a text. */
  readonly look: { readonly ids: readonly number[]; readonly index: number }
  readonly csv: { readonly edits: readonly Edit[] }
}
export type Kind = keyof Requests

/** What comes back: parts while there are any, then the end. */
export interface Parts {
  readonly prepare: null
  readonly open: {
    readonly playground: Playground
    readonly latents: readonly (readonly Latent[])[]
    readonly model: string
    /** Tokens that the model takes at most. */
    readonly maxLength: number
  }
  readonly write: { readonly next: readonly NextToken[] } | { readonly text: ShownText }
  /** At the end, where nothing has ended it. */
  readonly prepareEdits: null
  readonly score:
    | { readonly task: number; readonly correct: number; readonly total: number }
    /** At the end of a steered score: why the answers are those of the model as it is, where no edit has acted at any token. */
    | { readonly silence: string | null }
  readonly check: {
    /** Of each edit; empty where a problem leaves it unknown. */
    readonly rows: readonly RowEffect[]
    /** Why `saeval run` refuses the edits; null where it takes them. */
    readonly problem: string | null
  }
  /** Most active first. */
  readonly look: { readonly active: readonly ActiveLatent[] }
  readonly csv: { readonly csv: string }
}

export type Request = { [K in Kind]: { readonly kind: K; readonly id: number; readonly request: Requests[K] } }[Kind]

/** What went wrong. */
export interface Problem {
  readonly sentence: string
  /** Whether it lies in what was given: files, a prompt, edits. Anything else went wrong in computing. */
  readonly isInput: boolean
}

export type Reply =
  | { [K in Kind]: { readonly kind: K; readonly id: number; readonly part: Parts[K] } }[Kind]
  /** `problem` is null where all went well. */
  | { readonly id: number; readonly end: { readonly problem: Problem | null } }
