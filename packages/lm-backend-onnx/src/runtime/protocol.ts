import type { DeviceMemory, FileTensor, Part, TensorData, TensorDtype, Traffic } from './engine.js'

/**
 * An execution provider of onnxruntime; deviceId only where it knows several. tf32 lets products keep 10 of float32's 23 bits; gpuMemory is the
 * share up to 1 of the device's memory, or the bytes, that the model may take; null or absent for all.
 */
export type Provider =
  | { readonly name: 'cpu' | 'webgpu' }
  | { readonly name: 'cuda'; readonly deviceId: number; readonly tf32?: boolean; readonly gpuMemory?: number | null }

/** Name of a provider's device, as `--device` takes it. */
export function deviceName(provider: Provider): string {
  return provider.name === 'cuda' ? `cuda:${provider.deviceId}` : provider.name
}

/** What the thread is started with. */
export interface ThreadOptions {
  readonly provider: Provider
  /** Threads of onnxruntime on the CPU; null for its own choice. */
  readonly threads: number | null
}

/** A tensor or a session of the thread: numbers that the main thread gives, never twice. */
type Id = number

export type RunOutput =
  | 'host'
  /** The tensor with this id, made by this run or written anew. */
  | { readonly tensor: Id; readonly dims: readonly number[] }
  | { readonly into: Id; readonly parts: readonly Part[] }

export interface Requests {
  open: {
    readonly session: Id
    readonly model: Uint8Array
    readonly folder: string | null
    readonly mapped: boolean
    readonly constants: Readonly<Record<string, Id>>
  }
  run: {
    readonly session: Id
    readonly inputs: Readonly<Record<string, TensorData | Id>>
    readonly outputs: Readonly<Record<string, RunOutput>>
  }
  upload: { readonly tensor: Id; readonly data: TensorData }
  uploadFile: { readonly tensor: Id; readonly file: FileTensor; readonly dtype: TensorDtype }
  dispose: { readonly tensors: readonly Id[] }
  memory: object
  traffic: object
}

export interface Replies {
  open: null
  run: Readonly<Record<string, TensorData>>
  upload: null
  uploadFile: null
  dispose: null
  memory: DeviceMemory | null
  traffic: Traffic
}

export type Request = {
  [Kind in keyof Requests]: { readonly kind: Kind; readonly id: number } & Requests[Kind]
}[keyof Requests]

/** `noRoom` says for what the device has no room, where that is what is wrong. */
export type Reply =
  | { readonly id: number; readonly value: Replies[keyof Replies] }
  | { readonly id: number; readonly error: string; readonly noRoom: 'run' | 'weights' | null }
