import type { Channel } from './channel.js'
import type { TensorDtype } from './engine.js'
import type { Replies, Requests, RunOutput } from './protocol.js'
import type { DeviceTensor, Feeds, Outputs, PassShape, Runtime, Session } from './runtime.js'

/** The runtime at the other end of a channel. `location` names its device. */
export function remoteRuntime(channel: Channel, location: string, passes: PassShape): Runtime {
  const alive = new Set<DeviceTensor>()
  let nextId = 0
  let disposed: number[] = []
  const flush = () => {
    const tensors = disposed
    if (tensors.length === 0) return
    disposed = []
    // one that is closed has nothing left
    channel.send('dispose', { tensors }).catch(() => {})
  }
  const send = <Kind extends keyof Requests>(kind: Kind, request: Requests[Kind]): Promise<Replies[Kind]> => {
    // memory is given back before more is asked for
    flush()
    return channel.send(kind, request)
  }
  // what goes wrong shows in the runs that need it
  const begin = <Kind extends keyof Requests>(kind: Kind, request: Requests[Kind]) => {
    send(kind, request).catch(() => {})
  }
  const tensor = (dtype: TensorDtype, dims: readonly number[]): RemoteTensor => {
    const made = new RemoteTensor(nextId++, dtype, dims, location, () => {
      if (!alive.delete(made)) return
      if (disposed.push(made.id) === 1) queueMicrotask(flush)
    })
    alive.add(made)
    return made
  }
  const idOf = (tensor: DeviceTensor): number => {
    if (!(tensor instanceof RemoteTensor)) throw new Error('the tensor is one of another runtime')
    if (!alive.has(tensor)) throw new Error('the tensor is disposed of')
    return tensor.id
  }

  return {
    location,
    passes,
    open: (model, { folder, mapped, constants = {} }) => {
      const session = nextId++
      begin('open', { session, model, folder, mapped, constants: mapValues(constants, idOf) })
      return remoteSession(session, send, idOf)
    },
    tensor,
    upload: (data) => {
      const made = tensor(data.dtype, data.dims)
      begin('upload', { tensor: made.id, data })
      return made
    },
    uploadFile: (file, dtype) => {
      const made = tensor(dtype, file.dims)
      begin('uploadFile', { tensor: made.id, file, dtype })
      return made
    },
    memory: () => send('memory', {}),
    traffic: () => send('traffic', {}),
    alive: () => alive.size,
    close: () => channel.close(),
  }
}

class RemoteTensor implements DeviceTensor {
  constructor(
    readonly id: number,
    readonly dtype: TensorDtype,
    readonly dims: readonly number[],
    readonly location: string,
    readonly dispose: () => void,
  ) {}
}

function remoteSession(
  session: number,
  send: (kind: 'run', request: Requests['run']) => Promise<Replies['run']>,
  idOf: (tensor: DeviceTensor) => number,
): Session {
  const outputOf = (output: Outputs[string]): RunOutput => {
    if (output === 'host') return 'host'
    if ('into' in output) return { into: idOf(output.into), parts: output.parts }
    return { tensor: idOf(output), dims: output.dims }
  }
  return {
    run: async (feeds: Feeds, outputs: Outputs) => {
      const inputs = mapValues(feeds, (feed) => ('data' in feed ? feed : idOf(feed)))
      return send('run', { session, inputs, outputs: mapValues(outputs, outputOf) })
    },
  }
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
}
