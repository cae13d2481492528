import { Worker } from 'node:worker_threads'
import type { Channel } from './channel.js'
import { OutOfMemory } from './out-of-memory.js'
import type { Reply, ThreadOptions } from './protocol.js'
import { runtimePackage } from './runtime-package.js'
import { newTurns } from './turns.js'

type Waiting = { resolve(value: never): void; reject(error: Error): void }

/** Without it onnxruntime keeps a database in the home folder and sends usage data; it reads this when it is loaded. */
export const noTelemetry: Readonly<Record<string, string>> = { ORT_DISABLE_TELEMETRY: '1' }

// onnxruntime has one WebGPU device for the whole process: used by two threads at once, it ends the process
const turnsOfWebGpu = newTurns()

/**
 * Starts the thread on which an engine computes. It does not keep the process alive while nothing is being computed. Throws InputError where onnxruntime is
 * not installed.
 */
export function startSessionThread(options: ThreadOptions): Channel {
  runtimePackage()
  for (const [name, value] of Object.entries(noTelemetry)) process.env[name] ??= value
  const closing = new Int32Array(new SharedArrayBuffer(4))
  const workerData = { closing, turns: options.provider.name === 'webgpu' ? turnsOfWebGpu : null, options }
  const worker = new Worker(new URL('./session-worker.js', import.meta.url), { execArgv: [], workerData })
  const waiting = new Map<number, Waiting>()
  let nextId = 0
  let ended: Error | null = null
  worker.unref()

  const end = (error: Error) => {
    ended ??= error
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  }
  worker.on('message', (reply: Reply) => {
    const request = waiting.get(reply.id)
    waiting.delete(reply.id)
    // a late reply must not let the process go while close() still waits for the thread: it would end with code 13
    if (waiting.size === 0 && ended === null) worker.unref()
    if ('error' in reply) {
      // that of weights is a sentence of ours
      const Failure = reply.noRoom === 'run' ? OutOfMemory : Error
      request?.reject(new Failure(reply.noRoom === 'weights' ? reply.error : `onnxruntime: ${reply.error}`))
    } else request?.resolve(reply.value as never)
  })
  worker.on('error', end)
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      end(new Error('the model was closed'))
      resolve()
    })
  })

  return {
    send: (kind, request) => {
      if (ended) return Promise.reject(ended)
      return new Promise((resolve, reject) => {
        const id = nextId++
        waiting.set(id, { resolve, reject })
        worker.ref()
        worker.postMessage({ kind, id, ...request })
      })
    },
    close: async () => {
      end(new Error('the model was closed'))
      // terminate() would make onnxruntime abort the whole process where it opens or runs a session meanwhile
      Atomics.store(closing, 0, 1)
      worker.ref()
      worker.postMessage(null)
      await exited
    },
  }
}
