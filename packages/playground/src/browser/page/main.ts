import { InputError } from '@saeval/hub'
import { withoutGpu } from '../worker/gpu-device.js'
import { byId, make } from './elements.js'
import { fileBytes, fileModule, modelFiles } from './files.js'
import { HeldFiles } from './held-files.js'
import { openPage } from './open-page.js'
import { openFirst, openWorker, type Start } from './open-worker.js'
import { inWords, startWorker, succeed } from './worker-client.js'

const status = byId('status')

/** How workers of one build of onnxruntime are started; `own` is their script. */
async function starter(onGpu: boolean, own: Promise<Uint8Array<ArrayBuffer>>): Promise<Start> {
  const name = onGpu ? '/onnxruntime-webgpu' : '/onnxruntime'
  if (onGpu) document.head.append(make('script', { src: 'runtime-webgpu.js' }))
  // once for all workers
  const compiling = fileModule(`${name}.wasm`)
  const scripts = await Promise.all([fileBytes(`${name}.js`), own])
  const module = await compiling
  return () => {
    const worker = startWorker(scripts)
    const prepared = succeed(worker.ask('prepare', { module, onGpu }, () => {}))
    // it shows where it is waited for
    prepared.catch(() => {})
    return { worker, prepared }
  }
}

async function start(): Promise<void> {
  const begun = performance.now()
  // only a server gives onnxruntime's build for WebGPU: in a folder of files it would be too much
  const isServed = document.documentElement.dataset.served !== undefined
  // a file is given once, and this one is for both builds
  const own = fileBytes('/worker.js')
  const files = new HeldFiles(
    modelFiles((share) => {
      status.textContent = `Loading the model: ${Math.floor(100 * share)} %`
    }),
  )
  const { opened, start, without } = await openFirst(
    isServed ? await withoutGpu() : 'of a folder of files',
    (onGpu) => starter(onGpu, own),
    () => files.lent(),
  )
  const place =
    without === null ? 'with WebGPU' : isServed ? `in WebAssembly (without WebGPU: ${without})` : 'in WebAssembly'
  if (opened.opened.playground.tasks.length === 0) files.drop()
  const startScorer = async () => (await openWorker(start(), await files.given())).worker
  await openPage(opened, { place, begun, startScorer })
}

start().catch((error: unknown) => {
  status.classList.add('problem')
  const sentence = error instanceof Error ? error.message : String(error)
  status.textContent = inWords({ sentence, isInput: InputError.isInstance(error) })
})
