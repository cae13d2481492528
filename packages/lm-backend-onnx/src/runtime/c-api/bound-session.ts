import type { EngineOutput, EngineSession, EngineTensor, TensorData } from '../engine.js'
import { dtypeOf } from './element-types.js'
import { failure } from './failure.js'
import type { OrtApi, Pointer } from './ort-api.js'
import type { OrtDevice } from './ort-device.js'
import { OrtTensor } from './ort-tensor.js'

/**
 * A session whose inputs and outputs are bound: what is on the device stays there. Inputs that are the same at every run are bound once. Those
 * of a run are bound to a placeholder after it, so that nothing keeps them alive.
 */
export class BoundSession implements EngineSession {
  readonly #device: OrtDevice
  readonly #session: Pointer
  readonly #binding: Pointer
  readonly #inputs: ReadonlySet<string>
  /** Inputs that every run gives. */
  readonly #fed: readonly string[]
  readonly #outputs: ReadonlySet<string>
  readonly #placeholder: OrtTensor
  readonly #onDispose: () => void

  constructor(
    device: OrtDevice,
    session: Pointer,
    constants: Readonly<Record<string, EngineTensor>>,
    placeholder: OrtTensor,
    onDispose: () => void,
  ) {
    this.#device = device
    this.#session = session
    this.#binding = device.api.CreateIoBinding(session)
    this.#inputs = new Set(names(device.api, session, 'Input'))
    this.#fed = [...this.#inputs].filter((name) => !(name in constants))
    this.#outputs = new Set(names(device.api, session, 'Output'))
    this.#placeholder = placeholder
    this.#onDispose = onDispose
    checkNames('input', Object.keys(constants), this.#inputs)
    for (const [name, tensor] of Object.entries(constants))
      device.api.BindInput(this.#binding, name, tensorOf(tensor).value)
  }

  async run(
    inputs: Readonly<Record<string, TensorData | EngineTensor>>,
    outputs: Readonly<Record<string, EngineOutput>>,
  ): Promise<Record<string, TensorData | EngineTensor>> {
    // a name that the graph does not have would leave the binding broken
    checkNames('input', Object.keys(inputs), this.#inputs)
    checkNames('output', Object.keys(outputs), this.#outputs)
    for (const name of this.#fed) if (!(name in inputs)) throw new Error(`the graph's input ${name} is not given`)
    const { api } = this.#device
    const onHost: Pointer[] = []
    try {
      for (const [name, input] of Object.entries(inputs)) onHost.push(...this.#bindInput(name, input))
      for (const [name, output] of Object.entries(outputs)) this.#bindOutput(name, output)
      api.RunWithBinding(this.#session, null, this.#binding)
      return this.#results(outputs)
    } catch (error) {
      throw failure(error)
    } finally {
      api.ClearBoundOutputs(this.#binding)
      for (const name of Object.keys(inputs)) api.BindInput(this.#binding, name, this.#placeholder.value)
      for (const value of onHost) api.ReleaseValue(value)
    }
  }

  /** Binds an input; the tensors over host memory that it made for it. */
  #bindInput(name: string, input: TensorData | EngineTensor): Pointer[] {
    const { api } = this.#device
    if (!('data' in input)) {
      api.BindInput(this.#binding, name, tensorOf(input).value)
      return []
    }
    const value = this.#device.over(input)
    try {
      // copies it to the device, if that is where it is used
      api.BindInput(this.#binding, name, value)
    } catch (error) {
      api.ReleaseValue(value)
      throw error
    }
    if (!this.#device.isHost) this.#device.countUp(input.data.byteLength)
    return [value]
  }

  #bindOutput(name: string, output: EngineOutput): void {
    const { api, hostMemory, memory } = this.#device
    if (output === 'host') api.BindOutputToDevice(this.#binding, name, hostMemory)
    else if (output === 'device') api.BindOutputToDevice(this.#binding, name, memory)
    else if ('into' in output) throw new Error(`output ${name}: graphs on devices write into caches themselves`)
    else api.BindOutput(this.#binding, name, tensorOf(output).value)
  }

  #results(outputs: Readonly<Record<string, EngineOutput>>): Record<string, TensorData | EngineTensor> {
    const values = this.#outputValues()
    const found: Record<string, TensorData | EngineTensor> = {}
    // values come in the order in which outputs were bound
    for (const [index, [name, output]] of Object.entries(outputs).entries()) {
      const value = values[index]!
      if (output === 'host') found[name] = this.#toHost(value)
      else if (output === 'device') found[name] = this.#tensor(value)
      else {
        this.#device.api.ReleaseValue(value)
        found[name] = output as EngineTensor
      }
    }
    return found
  }

  #outputValues(): Pointer[] {
    const { api } = this.#device
    const allocator = api.GetAllocatorWithDefaultOptions()
    const count = new BigUint64Array(1)
    const list = api.GetBoundOutputValues(this.#binding, allocator, count)
    const values = api.koffi.decode(list, api.koffi.array('void *', Number(count[0]))) as Pointer[]
    api.AllocatorFree(allocator, list)
    return values
  }

  #toHost(value: Pointer): TensorData {
    const tensor = this.#tensor(value)
    const data = this.#device.readHost(value, tensor.dtype, tensor.dims)
    tensor.dispose()
    if (!this.#device.isHost) this.#device.countDown(data.data.byteLength)
    return data
  }

  #tensor(value: Pointer): OrtTensor {
    const { api } = this.#device
    const info = api.GetTensorTypeAndShape(value)
    try {
      const elementType = new Int32Array(1)
      const rank = new BigUint64Array(1)
      api.GetTensorElementType(info, elementType)
      api.GetDimensionsCount(info, rank)
      const dims = new BigInt64Array(Number(rank[0]))
      api.GetDimensions(info, dims, dims.length)
      return new OrtTensor(this.#device, value, dtypeOf(elementType[0]!), Array.from(dims, Number))
    } finally {
      api.ReleaseTensorTypeAndShapeInfo(info)
    }
  }

  dispose(): void {
    this.#device.api.ReleaseIoBinding(this.#binding)
    this.#device.api.ReleaseSession(this.#session)
    this.#onDispose()
  }
}

function tensorOf(tensor: EngineTensor | Extract<EngineOutput, { at: number }>): OrtTensor {
  if (tensor instanceof OrtTensor) return tensor
  throw new Error(
    'into' in tensor ? 'graphs of devices write into parts by themselves' : "the tensor is another engine's",
  )
}

/** Names of a session's inputs or outputs. */
function names(api: OrtApi, session: Pointer, side: 'Input' | 'Output'): string[] {
  const allocator = api.GetAllocatorWithDefaultOptions()
  const count = new BigUint64Array(1)
  api[`SessionGet${side}Count`](session, count)
  return Array.from({ length: Number(count[0]) }, (_, index) => {
    const text = api[`SessionGet${side}Name`](session, index, allocator)
    const name = api.koffi.decode(text, 'char', -1) as string
    api.AllocatorFree(allocator, text)
    return name
  })
}

function checkNames(side: 'input' | 'output', given: readonly string[], known: ReadonlySet<string>): void {
  for (const name of given) if (!known.has(name)) throw new Error(`the graph has no ${side} ${name}`)
}
