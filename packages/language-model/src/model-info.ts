import type { Said } from '@saeval/hub'
/** What is fixed about a model; names as in lm_eval's results.json. */
export interface ModelInfo {
  /** Number of weights, tied ones counted once. */
  readonly numParameters: number
  /** Bytes that the weights take in memory, and of those files that are to be downloaded before anything can be computed. */
  readonly memory?: { readonly weights: number; readonly toDownload: number }
  /** What computes: "cpu", "cuda:0", "cuda:0,cuda:1"; absent of a backend that does not say. */
  readonly device?: string
  /** What that is: "NVIDIA H200"; absent where nobody tells. The last digits of answers are those of this hardware. */
  readonly hardware?: string
  /** Whether the CPU stands in for that device, which is not here: what is measured says nothing about it. */
  readonly standIn?: boolean
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
  /** One line for each edit of the activations, shown above the results; none for a model as it is. */
  readonly edits?: readonly string[]
  /** Anything a backend wants recorded under "saeval" in results.json: file identities, precision. JSON values. */
  readonly provenance: Readonly<Record<string, unknown>>
}

/** What a model counts while it answers: numbers that add up over parts of a run. */
export interface Counted {
  /** Tokens of texts that were generated; of requests, tokens are counted when they are read. */
  readonly requested: number
  readonly computed: number
  /** Tokens at which each row of the edits acted; null where that is not counted. */
  readonly acted: readonly (number | null)[]
}

/** What a model has counted so far, in all requests that it has read. */
export interface ModelReport {
  /** Requests whose beginning did not fit the model's longest input and was cut; those with kept answers too. */
  readonly truncatedRequests?: number
  /**
   * Tokens of all requests and of the texts that were generated; and how many were computed: shared beginnings count once. Kept answers count
   * as when they were computed.
   */
  readonly tokens?: { readonly requested: number; readonly computed: number }
  /** Requests whose answers were kept from an earlier run; only of a model with a cache. */
  readonly keptAnswers?: number
  /** Lines about what the edits did, shown with the results. */
  readonly notes?: readonly string[]
  /** At how many of the computed tokens each row of the edits acted; null where that is not counted. Absent for a model without edits. */
  readonly actedTokens?: readonly (number | null)[]
  /**
   * Why the answers are not this model's (no edit has acted at any token), those with kept answers too; absent where nothing speaks against
   * them. Nobody may present them as its results then.
   */
  readonly problem?: Said
  /** Recorded under "saeval" in results.json after ModelInfo.provenance: edits and what they did. JSON values. */
  readonly provenance?: Readonly<Record<string, unknown>>
}
