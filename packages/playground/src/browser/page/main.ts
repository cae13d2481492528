import type { Parts, Requests } from '../protocol.js'
import { withoutGpu } from '../worker/gpu-device.js'
import { byId, make } from './elements.js'
import { fileBytes, fileModule, modelFiles } from './files.js'
import { openPage } from './open-page.js'
import { answerOf, startWorker, succeed, type WorkerClient } from './worker-client.js'

const status = byId('status')

/** Starts workers; each resolves when its WebAssembly is there. */
type Start = () => { readonly worker: WorkerClient; readonly prepared: Promise<void> }

/** How workers of one build of onnxruntime are started. */
async function starter(onGpu: boolean): Promise<Start> {
  const name = onGpu ? '/onnxruntime-webgpu' : '/onnxruntime'
  if (onGpu) document.head.append(make('script', { src: 'runtime-webgpu.js' }))
  // once for all workers
  const compiling = fileModule(`${name}.wasm`)
  const scripts = await Promise.all([`${name}.js`, '/worker.js'].map(fileBytes))
  const module = await compiling
  return () => {
    const worker = startWorker(scripts)
    const prepared = succeed(worker.ask('prepare', { module, onGpu }, () => {}))
    // it shows where it is waited for
    prepared.catch(() => {})
    return { worker, prepared }
  }
}

interface OpenedWorker {
  readonly worker: WorkerClient
  readonly opened: Parts['open']
}

async function open({ worker, prepared }: ReturnType<Start>, request: Requests['open']): Promise<OpenedWorker> {
  await prepared
  return { worker, opened: await answerOf(worker, 'open', request) }
}

async function start(): Promise<void> {
  const begun = performance.now()
  // only a server gives onnxruntime's build for WebGPU: in a folder of files it would be too much
  const isServed = document.documentElement.dataset.served !== undefined
  let without = isServed ? await withoutGpu() : 'of a folder of files'
  let startOne = await starter(without === null)
  // it starts while the files are read
  const first = startOne()
  const files = await modelFiles((share) => {
    status.textContent = `Loading the model: ${Math.floor(100 * share)} %`
  })
  const request = { files }
  const opening = open(first, request)
  const writer = await opening.catch(async (error: Error) => {
    if (without !== null) throw error
    without = error.message
    startOne = await starter(false)
    return open(startOne(), request)
  })
  const place =
    without === null ? 'with WebGPU' : isServed ? `in WebAssembly (without WebGPU: ${without})` : 'in WebAssembly'
  await openPage(writer, { place, begun, startScorer: async () => (await open(startOne(), request)).worker })
}

start().catch((error: unknown) => {
  status.classList.add('problem')
  status.textContent = error instanceof Error ? error.message : String(error)
})
