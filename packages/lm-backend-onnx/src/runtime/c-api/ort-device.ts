import { GraphBuilder } from '../../onnx/graph-builder.js'
import type { DeviceMemory, OpenOptions, TensorData, TensorDtype, Traffic } from '../engine.js'
import type { Provider } from '../protocol.js'
import type { CudaCopies } from './cuda-driver.js'
import { elementBytes, elementCount, elementTypes, tensorData } from './element-types.js'
import { failure } from './failure.js'
import type { OrtApi, Pointer } from './ort-api.js'
import { checkProvider, providerUse } from './providers.js'
import { quietly } from './quiet-stderr.js'

/** How an engine computes. */
export interface DeviceOptions {
  readonly provider: Provider
  /** Threads of what the CPU computes; null for onnxruntime's own number. */
  readonly threads: number | null
  /** Path of the library, for messages and for what lies beside it. */
  readonly library: string
}

/** Nothing but what ends the process: errors come as statuses, and warnings are no user's business. */
const logLevel = 4

/** All optimisations. */
const optimizeAll = 99

/** OrtDeviceAllocator, and OrtMemTypeDefault. */
const deviceAllocator = 0
const defaultMemory = 0

/** Largest constant that is computed on the host when a graph is opened: gains and biases are, matrices are not. */
const largestFolded = 2 ** 16

/**
 * A device as onnxruntime's C API knows it: an environment, memory, and what has been copied. Whoever allocates or makes something here gives it
 * back; `close` comes last.
 */
export class OrtDevice {
  readonly traffic: { -readonly [Key in keyof Traffic]: Traffic[Key] } = {
    bytesUp: 0,
    copiesUp: 0,
    bytesDown: 0,
    copiesDown: 0,
  }
  /** Tensors that were made and not disposed of. */
  readonly tensors = new Set<{ dispose(): void }>()
  /** The host's memory. */
  readonly hostMemory: Pointer
  /** The device's memory: the host's for the CPU. */
  readonly memory: Pointer
  readonly isHost: boolean
  /** Whether a tensor's data is an address, to which can be added. */
  readonly isAddressed: boolean
  readonly #env: Pointer
  /** Keeps the provider's context alive between sessions: WebGPU's device ends with its last session. */
  readonly #root: Pointer
  readonly #allocator: Pointer
  /** What copies without onnxruntime; null where onnxruntime does. */
  readonly #copies: CudaCopies | null

  constructor(
    readonly api: OrtApi,
    private readonly options: DeviceOptions,
  ) {
    const { provider, library } = options
    const { memory, addressed, copies, prepare } = providerUse(provider)
    this.isAddressed = addressed
    checkProvider(api, provider, library)
    this.#env = api.CreateEnv(logLevel, 'saeval')
    this.hostMemory = this.#memoryInfo('Cpu', 0)
    this.isHost = memory === null
    this.memory = memory === null ? this.hostMemory : this.#memoryInfo(memory.name, memory.deviceId)
    // what it asks of a provider that does not start would end the process: the provider is tried first
    quietly(api.koffi, () => api.ReleaseSessionOptions(this.#sessionOptions({})))
    this.#copies = copies?.(api) ?? null
    this.#root = quietly(api.koffi, () => {
      prepare?.(api, this.#env, this.memory, this.#copies)
      return this.openSession(emptyGraph(), { folder: null, mapped: false })
    })
    this.#allocator = api.CreateAllocator(this.#root, this.memory)
  }

  #memoryInfo(name: string, deviceId: number): Pointer {
    return this.api.CreateMemoryInfo(name, deviceAllocator, deviceId, defaultMemory)
  }

  /** A session of a graph. Throws what the provider says where it cannot compute it. */
  openSession(model: Uint8Array, { folder, mapped }: Pick<OpenOptions, 'folder' | 'mapped'>): Pointer {
    const options = this.#sessionOptions({
      ...(folder === null ? {} : { 'session.model_external_initializers_file_folder_path': folder }),
      ...(mapped ? { 'session.disable_prepacking': '1' } : {}),
      ...(mapped || !this.isHost
        ? { 'optimization.constant_folding_max_output_size_in_bytes': String(largestFolded) }
        : {}),
      ...(this.isHost ? {} : { 'session.use_env_allocators': '1' }),
    })
    try {
      return this.api.CreateSessionFromArray(this.#env, model, model.byteLength, options)
    } catch (error) {
      throw failure(error)
    } finally {
      this.api.ReleaseSessionOptions(options)
    }
  }

  #sessionOptions(entries: Readonly<Record<string, string>>): Pointer {
    const { api } = this
    const { provider, threads } = this.options
    const options = api.CreateSessionOptions()
    try {
      api.SetSessionLogSeverityLevel(options, logLevel)
      api.SetSessionGraphOptimizationLevel(options, optimizeAll)
      if (threads !== null) api.SetIntraOpNumThreads(options, threads)
      for (const [key, value] of Object.entries(entries)) api.AddSessionConfigEntry(options, key, value)
      providerUse(provider).append(api, options)
      return options
    } catch (error) {
      api.ReleaseSessionOptions(options)
      throw failure(error)
    }
  }

  /** A tensor of the device with nothing in it yet. */
  allocate(dtype: TensorDtype, dims: readonly number[]): Pointer {
    try {
      return this.api.CreateTensorAsOrtValue(this.#allocator, sizes(dims), dims.length, elementTypes[dtype])
    } catch (error) {
      throw failure(error)
    }
  }

  /** A tensor over host memory. `data` must live, and stay referenced, for as long as the tensor does. */
  over(data: TensorData): Pointer {
    return this.#over(this.hostMemory, data.data, data)
  }

  #over(memory: Pointer, place: NodeJS.ArrayBufferView | Pointer, { dtype, data, dims }: TensorData): Pointer {
    const { byteLength } = data
    const type = elementTypes[dtype]
    return this.api.CreateTensorWithDataAsOrtValue(memory, place, byteLength, sizes(dims), dims.length, type)
  }

  /** Bytes that are written to a tensor at a time: all of it where its memory has no addresses. */
  get partBytes(): number {
    return this.isAddressed ? 2 ** 25 : Number.POSITIVE_INFINITY
  }

  /** Writes elements from `start` of a tensor of the device that has `data`'s type and these dims. */
  writePart(value: Pointer, start: number, data: TensorData, dims: readonly number[]): void {
    if (data.data.length === elementCount(dims)) {
      this.write(value, data)
      return
    }
    const address = this.api.GetTensorMutableData(value) + BigInt(start * elementBytes(data.dtype))
    const part = this.#over(this.memory, address, data)
    try {
      this.write(part, data)
    } finally {
      this.api.ReleaseValue(part)
    }
  }

  /** Writes values to a tensor of the device that has their type and size. */
  write(value: Pointer, data: TensorData): void {
    const { byteLength } = data.data
    if (byteLength === 0) return
    if (this.isHost) {
      const { buffer, byteOffset } = data.data
      this.#hostBytes(value, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength))
      return
    }
    if (this.#copies !== null) this.#copies.up(this.api.GetTensorMutableData(value), data.data)
    else this.#copy(data, (host) => [host, value])
    this.countUp(byteLength)
  }

  /** Copies between a tensor over host memory and one of the device. */
  #copy(host: TensorData, ends: (host: Pointer) => [from: Pointer, to: Pointer]): void {
    const tensor = this.over(host)
    try {
      const [from, to] = ends(tensor)
      this.api.CopyTensors(this.#env, [from], [to], null, 1)
    } catch (error) {
      throw failure(error)
    } finally {
      this.api.ReleaseValue(tensor)
    }
  }

  /** The values of a tensor of the device, copied. */
  read(value: Pointer, dtype: TensorDtype, dims: readonly number[]): TensorData {
    const byteLength = elementCount(dims) * elementBytes(dtype)
    if (this.isHost || byteLength === 0) return this.readHost(value, dtype, dims)
    const found = tensorData(dtype, dims, new ArrayBuffer(byteLength))
    if (this.#copies !== null) this.#copies.down(found.data, this.api.GetTensorMutableData(value))
    else this.#copy(found, (host) => [value, host])
    this.countDown(byteLength)
    return found
  }

  /** The values of a tensor of the host, copied. */
  readHost(value: Pointer, dtype: TensorDtype, dims: readonly number[]): TensorData {
    const byteLength = elementCount(dims) * elementBytes(dtype)
    const bytes = byteLength === 0 ? new ArrayBuffer(0) : this.#hostBytes(value, byteLength).slice().buffer
    return tensorData(dtype, dims, bytes)
  }

  #hostBytes(value: Pointer, byteLength: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.api.koffi.view(this.api.GetTensorMutableData(value), byteLength))
  }

  /** The device's memory; null where the provider does not say, or where it is the host's. */
  size(): DeviceMemory | null {
    return this.#copies?.memory() ?? null
  }

  /** Counts a copy to the device; nothing is copied of tensors without elements. */
  countUp(bytes: number): void {
    if (bytes === 0) return
    this.traffic.bytesUp += bytes
    this.traffic.copiesUp++
  }

  /** Counts a copy to the host. */
  countDown(bytes: number): void {
    if (bytes === 0) return
    this.traffic.bytesDown += bytes
    this.traffic.copiesDown++
  }

  /** Gives everything back, tensors too. Sessions must be gone. */
  close(): void {
    const { api } = this
    for (const tensor of this.tensors) tensor.dispose()
    this.#copies?.close()
    api.ReleaseAllocator(this.#allocator)
    api.ReleaseSession(this.#root)
    if (!this.isHost) api.ReleaseMemoryInfo(this.memory)
    api.ReleaseMemoryInfo(this.hostMemory)
    api.ReleaseEnv(this.#env)
  }
}

/** Dimensions as the C API takes them. */
function sizes(dims: readonly number[]): BigInt64Array {
  return BigInt64Array.from(dims, BigInt)
}

function emptyGraph(): Uint8Array {
  const graph = new GraphBuilder()
  const x = graph.input('x', 'float32', ['N'])
  graph.output(graph.node('Add', [x, x]), 'y', 'float32', ['N'])
  return graph.build()
}
