import type { SaeFile } from '@saeval/sae-core'
import type { RowPlace } from '../edits/place-in-file.js'

/** One edit of a file of the model `steered`, its vector read. */
export interface SteeredEntry {
  readonly place: RowPlace
  /** Hugging Face module or hook point, as the file names it. */
  readonly hookpoint: string
  readonly action: 'add' | 'clamp'
  readonly vector: Float32Array
  readonly coefficient: number
  /** What a clamp measures from; null is zero. */
  readonly bias: Float32Array | null
  readonly head: number | null
  /** Where the vector is from, for messages: "feature 30 of EleutherAI/sae-pythia-70m-32k". */
  readonly origin: string
  readonly sae: SaeFile | null
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
}
