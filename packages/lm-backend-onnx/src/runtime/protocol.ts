import type { TensorData } from './engine.js'

/** A tensor that stays on the session's thread under a name: edits that every batch uses, a KV cache between steps. */
export interface Stored {
  readonly stored: string
}

export type Feeds = Readonly<Record<string, TensorData | Stored>>

/** An execution provider of onnxruntime; deviceId only where it knows several. */
export type Provider = { readonly name: 'cpu' | 'webgpu' } | { readonly name: 'cuda'; readonly deviceId: number }

export interface Requests {
  create: {
    readonly session: string
    readonly model: Uint8Array
    /** Folder that the external data locations are relative to; null when the model has none. */
    readonly folder: string | null
    /** Whether weights stay in their files, mapped into memory: neither converted nor packed when the session is made. */
    readonly mapped: boolean
    readonly provider: Provider
    readonly threads: number | null
  }
  run: {
    readonly session: string
    readonly feeds: Feeds
    /** Outputs to send back. */
    readonly fetch: readonly string[]
    /** Output -> name under which it stays on the thread. */
    readonly keep: Readonly<Record<string, string>>
    /** Output [B, H, 1, d] -> name of a stored tensor [B, H, P, d], and the place on its axis 2 that the output is written to. */
    readonly write?: Readonly<Record<string, { readonly into: string; readonly at: number }>>
  }
  /** Makes a stored tensor [B, H, P, d] from another: these of its rows, with room for `capacity` tokens (at least P) on axis 2. */
  reserve: { readonly from: string; readonly to: string; readonly rows: readonly number[]; readonly capacity: number }
  store: { readonly tensors: Readonly<Record<string, TensorData>> }
  /** Forgets stored tensors whose name starts with this. */
  drop: { readonly prefix: string }
}

export type Request = {
  [Kind in keyof Requests]: { readonly kind: Kind; readonly id: number } & Requests[Kind]
}[keyof Requests]

export type Reply =
  | { readonly id: number; readonly tensors: Readonly<Record<string, TensorData>> }
  | { readonly id: number; readonly error: string }
