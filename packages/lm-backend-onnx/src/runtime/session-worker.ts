import { parentPort, workerData } from 'node:worker_threads'
import { cApiEngine } from './c-api/c-api-engine.js'
import { nodeEngine } from './node-engine.js'
import { NoRoomForWeights, OutOfMemory } from './out-of-memory.js'
import type { Reply, Request, ThreadOptions } from './protocol.js'
import { TensorTable } from './tensor-table.js'
import { inTurn, type Turns } from './turns.js'

// A run blocks its thread, so the engine lives on this one and the main thread stays free.

const { closing, turns, options } = workerData as {
  /** 1 when the thread is to end: what still waits is not answered. */
  readonly closing: Int32Array
  /** Shared with the threads that must not compute beside this one; null for none. */
  readonly turns: Turns | null
  readonly options: ThreadOptions
}
const made = inTurn(turns, () => (options.provider.name === 'cpu' ? nodeEngine(options) : cApiEngine(options)))
const started = made.then((engine) => ({ engine, table: new TensorTable(engine) }))
// each request is told why there is no engine
started.catch(() => {})

// one after the other
let queue: Promise<void> = Promise.resolve()

parentPort!.on('message', (request: Request) => {
  queue = queue.then(async () => {
    if (Atomics.load(closing, 0) === 1) {
      await started.then(({ engine }) => inTurn(turns, () => engine.close())).catch(() => {})
      // of this thread, not of the process
      process.exit()
    }
    let reply: Reply
    try {
      const { table } = await started
      reply = { id: request.id, value: await inTurn(turns, () => table.answer(request)) }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      reply = { id: request.id, error: message, noRoom: noRoomFor(error) }
    }
    parentPort!.postMessage(reply)
  })
})

function noRoomFor(error: unknown): 'run' | 'weights' | null {
  if (error instanceof OutOfMemory) return 'run'
  return error instanceof NoRoomForWeights ? 'weights' : null
}
