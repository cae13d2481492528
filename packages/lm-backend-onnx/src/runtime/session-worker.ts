import { parentPort, workerData } from 'node:worker_threads'
import { nodeEngine } from './node-engine.js'
import type { Reply, Request, ThreadOptions } from './protocol.js'
import { TensorTable } from './tensor-table.js'

// A run blocks its thread, so the engine lives on this one and the main thread stays free.

const { closing, options } = workerData as {
  /** 1 when the thread is to end: what still waits is not answered. */
  readonly closing: Int32Array
  readonly options: ThreadOptions
}
const engine = nodeEngine(options)
const table = new TensorTable(engine)

// one after the other
let queue: Promise<void> = Promise.resolve()

parentPort!.on('message', (request: Request) => {
  queue = queue.then(async () => {
    if (Atomics.load(closing, 0) === 1) {
      await engine.close()
      // of this thread, not of the process
      process.exit()
    }
    let reply: Reply
    try {
      reply = { id: request.id, value: await table.answer(request) }
    } catch (error) {
      reply = { id: request.id, error: error instanceof Error ? error.message : String(error) }
    }
    parentPort!.postMessage(reply)
  })
})
