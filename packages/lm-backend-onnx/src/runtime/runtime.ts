import type { DeviceMemory, FileTensor, Part, TensorData, TensorDtype, Traffic } from './engine.js'

/**
 * A tensor where the runtime computes. Whoever made it owns it and disposes of it. It may be made before the run that fills it, and be an input of
 * runs that are asked for after that one; where that run fails, they fail with its error.
 */
export interface DeviceTensor {
  readonly dtype: TensorDtype
  readonly dims: readonly number[]
  /** Name of the device that it lies on: "cpu", "cuda:0", "webgpu". */
  readonly location: string
  /** Gives the memory back when runs that were asked for before have ended. A second call does nothing. */
  dispose(): void
}

/** Values of a graph's inputs by name: sent with the run, or there already. */
export type Feeds = Readonly<Record<string, TensorData | DeviceTensor>>

/** Parts of an output that are written to a tensor. Only where tensors lie in host memory. */
export interface Into {
  readonly into: DeviceTensor
  readonly parts: readonly Part[]
}

/** Where a run's outputs go: to the caller, to a tensor of their dtype and dims, or into a part of one. */
export type Outputs = Readonly<Record<string, 'host' | DeviceTensor | Into>>

/** A graph that runs again and again. */
export interface Session {
  /**
   * Runs the graph for the outputs that are named, and resolves to those that go to the host. Runs are done in the order in which they are asked
   * for. An output that goes to a tensor of its inputs replaces it.
   */
  run(feeds: Feeds, outputs: Outputs): Promise<Readonly<Record<string, TensorData>>>
}

/** How a graph is opened. */
export interface SessionOptions {
  /** Folder that the locations of external data are relative to; null when the graph has none. */
  readonly folder: string | null
  /** Whether weights stay in their files, mapped into memory: neither converted nor packed when the session is made. */
  readonly mapped: boolean
  /** Inputs that are the same at every run, by name. The caller owns them. */
  readonly constants?: Readonly<Record<string, DeviceTensor>>
}

/** What passes are worth computing at once on a device. */
export interface PassShape {
  /** New tokens of a row: a wider one spends more on attention between strangers than it saves on matrix products. */
  readonly columns: number
  /** Numbers of new tokens of a pass among which the fastest is to be found. */
  readonly tokens: readonly number[]
}

/**
 * Computes graphs on one device. Calls return at once and are carried out in their order, so that what is asked for next need not wait; what goes
 * wrong shows in the run that needs it.
 */
export interface Runtime {
  /** Name of the device. */
  readonly location: string
  readonly passes: PassShape
  /** Opens an ONNX model; it stays open until `close`. Where it cannot be opened, its runs reject. */
  open(model: Uint8Array, options: SessionOptions): Session
  /** A tensor that a run will fill. */
  tensor(dtype: TensorDtype, dims: readonly number[]): DeviceTensor
  upload(data: TensorData): DeviceTensor
  /** A tensor of a file, converted to `dtype`; the host holds at most this one tensor for it. */
  uploadFile(file: FileTensor, dtype: TensorDtype): DeviceTensor
  /** The device's memory; null where nobody can tell, or where it is the host's. */
  memory(): Promise<DeviceMemory | null>
  /** What has gone between host and device so far. */
  traffic(): Promise<Traffic>
  /** Tensors that were made and not disposed of. */
  alive(): number
  /** Ends after the computation at hand; all open promises reject at once. */
  close(): Promise<void>
}
