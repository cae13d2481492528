import type { Engine, EngineOutput, EngineSession, EngineTensor, TensorData } from './engine.js'
import { NoRoomForWeights, OutOfMemory } from './out-of-memory.js'
import type { Replies, Request, Requests, RunOutput } from './protocol.js'

/**
 * What stands in for a tensor or a session that could not be made: those who need it are told why. Where there was no room, `remake` makes it when
 * it is needed, since there may be by then; else it is null.
 */
class Failed<T = never> {
  readonly error: unknown
  readonly remake: (() => T | Promise<T>) | null

  constructor(error: unknown, remake: (() => T | Promise<T>) | null = null) {
    this.error = error
    this.remake = error instanceof OutOfMemory || error instanceof NoRoomForWeights ? remake : null
  }
}

/**
 * The sessions and tensors of one engine, by the numbers that the main thread gave them. Requests are to be answered in order: a run must not
 * start before the tensors that it uses are there.
 */
export class TensorTable {
  readonly #engine: Engine
  readonly #sessions = new Map<number, EngineSession | Failed<EngineSession>>()
  readonly #tensors = new Map<number, EngineTensor | Failed<EngineTensor>>()

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
        await this.#make(this.#tensors, request.tensor, () => this.#uploadFile(request))
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

  async #make<T>(into: Map<number, T | Failed<T>>, id: number, make: () => T | Promise<T>): Promise<T> {
    try {
      const made = await make()
      into.set(id, made)
      return made
    } catch (error) {
      into.set(id, new Failed(error, make))
      throw error
    }
  }

  /** What has that number; made now where there was no room for it before. */
  async #find<T extends object>(among: Map<number, T | Failed<T>>, id: number, what: string): Promise<T> {
    const known = among.get(id)
    if (known === undefined) throw new Error(`the ${what} was never made, or is disposed of`)
    if (!(known instanceof Failed)) return known
    if (known.remake === null) throw known.error
    return this.#make(among, id, known.remake)
  }

  async #open({ model, folder, mapped, constants }: Requests['open']): Promise<EngineSession> {
    return this.#engine.open(model, { folder, mapped, constants: await this.#all<never>(constants) })
  }

  async #uploadFile({ file, dtype }: Requests['uploadFile']): Promise<EngineTensor> {
    try {
      return await this.#engine.uploadFile(file, dtype)
    } catch (error) {
      throw error instanceof OutOfMemory ? new NoRoomForWeights(error) : error
    }
  }

  /** Tensors by name, of which some may be values. */
  async #all<T>(given: Readonly<Record<string, T | number>>): Promise<Record<string, T | EngineTensor>> {
    const found: Record<string, T | EngineTensor> = {}
    for (const [name, value] of Object.entries(given))
      found[name] = typeof value === 'number' ? await this.#tensor(value) : value
    return found
  }

  async #run({ session, inputs, outputs }: Requests['run']): Promise<Record<string, TensorData>> {
    const made = Object.values(outputs).flatMap((output) => (isMade(output) ? [output.tensor] : []))
    try {
      const given = await this.#all<TensorData>(inputs)
      const wanted: Record<string, EngineOutput> = {}
      for (const [name, output] of Object.entries(outputs)) wanted[name] = await this.#output(output)
      const opened = await this.#find(this.#sessions, session, 'session')
      const computed = await opened.run(given, wanted)
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

  async #output(output: RunOutput): Promise<EngineOutput> {
    if (output === 'host') return 'host'
    if ('into' in output) return { into: await this.#tensor(output.into), parts: output.parts }
    const known = this.#tensors.get(output.tensor)
    return known === undefined || known instanceof Failed ? 'device' : known
  }

  #keep(name: string, { tensor, dims }: { tensor: number; dims: readonly number[] }, value: EngineTensor): void {
    this.#tensors.set(tensor, value)
    if (value.dims.join() !== dims.join())
      throw new Error(`the output ${name} is [${value.dims.join(', ')}], expected [${dims.join(', ')}]`)
  }

  #tensor(id: number): Promise<EngineTensor> {
    return this.#find(this.#tensors, id, 'tensor')
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
