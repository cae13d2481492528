import type { Engine, EngineOutput, EngineSession, EngineTensor, TensorData } from './engine.js'
import type { Replies, Request, Requests, RunOutput } from './protocol.js'

/** What stands in for a tensor or a session that could not be made: those who need it are told why. */
class Failed {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

/**
 * The sessions and tensors of one engine, by the numbers that the main thread gave them. Requests are to be answered in order: a run must not
 * start before the tensors that it uses are there.
 */
export class TensorTable {
  readonly #engine: Engine
  readonly #sessions = new Map<number, EngineSession | Failed>()
  readonly #tensors = new Map<number, EngineTensor | Failed>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Tensors that are there, failed ones too. */
  get size(): number {
    return this.#tensors.size
  }

  /** Throws what the engine throws, or has thrown at a request that this one depends on. */
  async answer(request: Request): Promise<Replies[keyof Replies]> {
    switch (request.kind) {
      case 'open':
        await this.#make(this.#sessions, request.session, () => this.#open(request))
        return null
      case 'run':
        return this.#run(request)
      case 'upload':
        await this.#make(this.#tensors, request.tensor, () => this.#engine.upload(request.data))
        return null
      case 'uploadFile':
        await this.#make(this.#tensors, request.tensor, () => this.#engine.uploadFile(request.file, request.dtype))
        return null
      case 'dispose':
        for (const id of request.tensors) this.#dispose(id)
        return null
      case 'memory':
        return this.#engine.memory()
      case 'traffic':
        return this.#engine.traffic()
    }
  }

  async #make<T>(into: Map<number, T | Failed>, id: number, make: () => T | Promise<T>): Promise<void> {
    try {
      into.set(id, await make())
    } catch (error) {
      into.set(id, new Failed(error))
      throw error
    }
  }

  #open({ model, folder, mapped, constants }: Requests['open']): Promise<EngineSession> {
    const tensors = Object.entries(constants).map(([name, id]) => [name, this.#tensor(id)] as const)
    return this.#engine.open(model, { folder, mapped, constants: Object.fromEntries(tensors) })
  }

  async #run({ session, inputs, outputs }: Requests['run']): Promise<Record<string, TensorData>> {
    const made = Object.values(outputs).flatMap((output) => (isMade(output) ? [output.tensor] : []))
    try {
      const given = Object.entries(inputs).map(([name, input]) => [
        name,
        typeof input === 'number' ? this.#tensor(input) : input,
      ])
      const wanted = Object.entries(outputs).map(([name, output]) => [name, this.#output(output)] as const)
      const opened = found(this.#sessions.get(session), 'session')
      const computed = await opened.run(Object.fromEntries(given), Object.fromEntries(wanted))
      const back: Record<string, TensorData> = {}
      for (const [name, output] of Object.entries(outputs)) {
        const value = computed[name]!
        if (output === 'host') back[name] = value as TensorData
        else if (isMade(output)) this.#keep(name, output, value as EngineTensor)
      }
      return back
    } catch (error) {
      // what they hold now is not what was to be
      for (const id of made) {
        this.#dispose(id)
        this.#tensors.set(id, new Failed(error))
      }
      throw error
    }
  }

  #output(output: RunOutput): EngineOutput {
    if (output === 'host') return 'host'
    if ('into' in output) return { into: this.#tensor(output.into), parts: output.parts }
    const known = this.#tensors.get(output.tensor)
    return known === undefined || known instanceof Failed ? 'device' : known
  }

  #keep(name: string, { tensor, dims }: { tensor: number; dims: readonly number[] }, value: EngineTensor): void {
    this.#tensors.set(tensor, value)
    if (value.dims.join() !== dims.join())
      throw new Error(`the output ${name} is [${value.dims.join(', ')}], expected [${dims.join(', ')}]`)
  }

  #tensor(id: number): EngineTensor {
    return found(this.#tensors.get(id), 'tensor')
  }

  #dispose(id: number): void {
    const tensor = this.#tensors.get(id)
    this.#tensors.delete(id)
    if (tensor !== undefined && !(tensor instanceof Failed)) tensor.dispose()
  }
}

function isMade(output: RunOutput): output is { readonly tensor: number; readonly dims: readonly number[] } {
  return output !== 'host' && 'tensor' in output
}

function found<T extends object>(value: T | Failed | undefined, what: string): T {
  if (value === undefined) throw new Error(`the ${what} was never made, or is disposed of`)
  if (value instanceof Failed) throw value.error
  return value
}
