import type { HubOptions } from '@saeval/hub'
import type { PositionSelection, SaeFile } from '@saeval/sae-core'
import type { VectorChange } from '@saeval/sae-core/internal/edits/vector-change'
import type { RowPlace } from '../edits/place-in-file.js'
import type { DecoderRows } from './decoder-rows.js'

/** One edit of a file of vectors, its numbers read. */
export interface SteeredEntry {
  readonly place: RowPlace
  /** Hugging Face module or hook point, as the file names it. */
  readonly hookpoint: string
  readonly change: VectorChange
  /** Whether the activation keeps its length. */
  readonly keepsNorm: boolean
  /** Where it acts: null is everywhere; absent where the file does not say it. */
  readonly positions?: PositionSelection | null
  readonly head: number | null
  /** Where the vector is from, for messages: "feature 30 of EleutherAI/sae-pythia-70m-32k". */
  readonly origin: string
  readonly sae: SaeFile | null
  /** What decoder rows the vector is made of; absent where none are known. */
  readonly decoderRows?: DecoderRows
  /** The row as results.json shows it. */
  readonly record: Readonly<Record<string, unknown>>
}

/** A whole file. */
export interface SteeredFile {
  readonly path: string
  readonly sha256: string
  readonly entries: readonly SteeredEntry[]
  /** What of the file means nothing, for a notice. */
  readonly ignored: readonly string[]
  /** What else the user should know, a line each. */
  readonly notices: readonly string[]
  /** The model_type of the model that the file says it was made for; null where it does not. */
  readonly modelType: string | null
}

/** What of a file means nothing, in one line; none where all of it does. */
export function ignoredLines({ path, ignored }: SteeredFile): readonly string[] {
  return ignored.length === 0 ? [] : [`${path}: without meaning to saeval: ${ignored.join(', ')}`]
}

/** What readers of files of vectors need. */
export interface ReadVectorsOptions {
  /** The model to be steered; null where there is none. SAEs of a CSV that were made for another one are refused. */
  readonly baseName: string | null
  readonly allowOtherModel: boolean
  /** Layers that are wanted, from 0; null is those that the file names. */
  readonly layers: readonly number[] | null
  /** Whether a CSV of sae_steered_beta is taken too, as the vectors that its rows are; a run has a model of its own for it. */
  readonly takesRows?: boolean
  readonly hub: HubOptions
}

/** An entry of a file that only has vectors to add: the rest of it is what such files leave open. */
export function addition(place: RowPlace, hookpoint: string, vector: Float32Array, coefficient = 1): SteeredEntry {
  return {
    place,
    hookpoint,
    change: { action: 'add', vector, coefficient },
    keepsNorm: false,
    head: null,
    origin: `the vector of ${hookpoint}`,
    sae: null,
    record: { hookpoint, action: 'add', steering_coefficient: coefficient },
  }
}
