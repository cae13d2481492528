import { parentPort, workerData } from 'node:worker_threads'
import { reserved, writeAt } from './cache-buffer.js'
import type { TensorData } from './engine.js'
import { env, fromTensor, InferenceSession, type Tensor, toTensor } from './onnxruntime.js'
import type { Reply, Request, Requests } from './protocol.js'

// `InferenceSession.run` blocks its thread, so sessions live on this one and the main thread stays free.

// what onnxruntime warns of when it starts (devices it cannot look at) is no user's business
env.logLevel = 'error'

const sessions = new Map<string, InferenceSession>()
const stored = new Map<string, Tensor>()

function tensorNamed(name: string): Tensor {
  const tensor = stored.get(name)
  if (!tensor) throw new Error(`no stored tensor ${name}`)
  return tensor
}

function sessionNamed(name: string): InferenceSession {
  const session = sessions.get(name)
  if (!session) throw new Error(`no session ${name}`)
  return session
}

/** Largest constant that is computed when a mapped model loads: gains and biases are, matrices are not. */
const largestFolded = 2 ** 16

async function create({ session, model, folder, mapped, provider, threads }: Requests['create']): Promise<void> {
  const created = await InferenceSession.create(model, {
    executionProviders: [provider],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(threads === null ? {} : { intraOpNumThreads: threads }),
    extra: {
      session: {
        ...(folder === null ? {} : { model_external_initializers_file_folder_path: folder }),
        ...(mapped ? { disable_prepacking: '1' } : {}),
      },
      ...(mapped ? { optimization: { constant_folding_max_output_size_in_bytes: String(largestFolded) } } : {}),
    },
  })
  sessions.set(session, created)
}

async function run({ session, feeds, fetch, keep, write = {} }: Requests['run']): Promise<Record<string, TensorData>> {
  const inputs: Record<string, Tensor> = {}
  for (const [name, feed] of Object.entries(feeds))
    inputs[name] = 'stored' in feed ? tensorNamed(feed.stored) : toTensor(feed)
  const outputs = await sessionNamed(session).run(inputs, [...fetch, ...Object.keys(keep), ...Object.keys(write)])
  for (const [output, name] of Object.entries(keep)) stored.set(name, outputs[output]!)
  for (const [output, { into, at }] of Object.entries(write)) writeAt(tensorNamed(into), outputs[output]!, at)
  return Object.fromEntries(fetch.map((name) => [name, fromTensor(outputs[name]!)]))
}

async function answer(request: Request): Promise<Record<string, TensorData>> {
  switch (request.kind) {
    case 'create':
      await create(request)
      return {}
    case 'run':
      return run(request)
    case 'store':
      for (const [name, tensor] of Object.entries(request.tensors)) stored.set(name, toTensor(tensor))
      return {}
    case 'reserve':
      stored.set(request.to, reserved(tensorNamed(request.from), request.rows, request.capacity))
      return {}
    case 'drop':
      for (const name of stored.keys()) if (name.startsWith(request.prefix)) stored.delete(name)
      return {}
  }
}

/** 1 when the thread is to end: what still waits is not answered. */
const closing = workerData as Int32Array

// One after the other: a run must not start before the tensors it uses are stored.
let queue: Promise<void> = Promise.resolve()

parentPort!.on('message', (request: Request) => {
  queue = queue.then(async () => {
    // of this thread, not of the process
    if (Atomics.load(closing, 0) === 1) process.exit()
    let reply: Reply
    try {
      reply = { id: request.id, tensors: await answer(request) }
    } catch (error) {
      reply = { id: request.id, error: error instanceof Error ? error.message : String(error) }
    }
    parentPort!.postMessage(reply)
  })
})
