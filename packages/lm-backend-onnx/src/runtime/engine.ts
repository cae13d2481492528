/** A tensor in host memory. Booleans are bytes 0 and 1; 16-bit floats are their bits. */
export type TensorData =
  | { readonly dtype: 'float32'; readonly data: Float32Array; readonly dims: readonly number[] }
  | { readonly dtype: 'float16' | 'bfloat16'; readonly data: Uint16Array; readonly dims: readonly number[] }
  | { readonly dtype: 'int64'; readonly data: BigInt64Array; readonly dims: readonly number[] }
  | { readonly dtype: 'int32'; readonly data: Int32Array; readonly dims: readonly number[] }
  | { readonly dtype: 'bool' | 'uint8'; readonly data: Uint8Array; readonly dims: readonly number[] }

/** Type of a tensor's elements. */
export type TensorDtype = TensorData['dtype']

/** A tensor where the engine computes: in a device's memory, or in the host's for the CPU. */
export interface EngineTensor {
  readonly dtype: TensorDtype
  readonly dims: readonly number[]
  /** Its values. Those of a tensor in host memory may be the memory itself: copy what must outlive it. */
  read(): TensorData | Promise<TensorData>
  /** Gives the memory back; the tensor must not be used again. */
  dispose(): void
}

/** `count` places from `at` on, on axis 2, of row `row` of a tensor [B, H, N, ...], and the row and place of another that they are written to. */
export interface Part {
  readonly row: number
  readonly at: number
  readonly count: number
  readonly toRow: number
  readonly toAt: number
}

/**
 * Where an output of a run goes.
 * - host: its values come back.
 * - device: it stays where it is computed, as a new tensor that the caller owns.
 * - a tensor of the same dtype and dims: it is written there. One that is an input of the same run too is written in place.
 * - into a part of one: parts of the output are written there. Only of engines whose tensors lie in host memory; on devices graphs do it
 *   themselves.
 */
export type EngineOutput =
  | 'host'
  | 'device'
  | EngineTensor
  | { readonly into: EngineTensor; readonly parts: readonly Part[] }

/** A graph, ready to run. */
export interface EngineSession {
  /** Runs the graph for the outputs that are named; what comes back for a tensor that was given is that tensor. */
  run(
    inputs: Readonly<Record<string, TensorData | EngineTensor>>,
    outputs: Readonly<Record<string, EngineOutput>>,
  ): Promise<Readonly<Record<string, TensorData | EngineTensor>>>
  dispose(): void
}

/** How a graph is opened. */
export interface OpenOptions {
  /** Folder that the locations of external data are relative to; null when the graph has none. */
  readonly folder: string | null
  /** Whether weights stay in their files, mapped into memory: neither converted nor packed when the session is made. */
  readonly mapped: boolean
  /** Inputs that are the same at every run, by name: weights on the device. The caller owns them; they outlive the session. */
  readonly constants: Readonly<Record<string, EngineTensor>>
}

/** Bytes of a file. */
export interface FilePlace {
  readonly path: string
  readonly offset: number
  readonly byteLength: number
}

/** A tensor that stands in files, row by row, little endian. */
export interface FileTensor {
  /** Where it is: the second place goes on where the first one ends. */
  readonly places: readonly FilePlace[]
  readonly dtype: TensorDtype
  readonly dims: readonly number[]
  /** Type to whose nearest numbers the stored ones are rounded first; absent for none. */
  readonly rounded?: TensorDtype
}

/** Bytes of a device's memory; `free` may change with whatever else uses the device. */
export interface DeviceMemory {
  readonly total: number
  readonly free: number
}

/** What has gone between host and device since the engine was made. On the CPU nothing does. */
export interface Traffic {
  readonly bytesUp: number
  readonly copiesUp: number
  readonly bytesDown: number
  readonly copiesDown: number
}

/**
 * What computes graphs on one device, on the thread of the sessions: onnxruntime-node, onnxruntime's C API, or another. Every call may come
 * before the one before it has ended; the caller waits where order matters.
 */
export interface Engine {
  /** Opens an ONNX model. Rejects with one sentence where the device cannot compute it. */
  open(model: Uint8Array, options: OpenOptions): Promise<EngineSession>
  /** Puts values where the engine computes. */
  upload(data: TensorData): EngineTensor | Promise<EngineTensor>
  /** The same for a tensor of files, as `dtype`; the host holds at most this one tensor for it. */
  uploadFile(tensor: FileTensor, dtype: TensorDtype): EngineTensor | Promise<EngineTensor>
  /** The device's memory; null where nobody can tell, or where it is the host's. */
  memory(): DeviceMemory | null | Promise<DeviceMemory | null>
  traffic(): Traffic
  /** Ends everything; tensors and sessions of it must not be used again. */
  close(): void | Promise<void>
}
