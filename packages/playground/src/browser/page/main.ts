import { InputError } from '@saeval/hub'
import type { Runtime } from '../protocol.js'
import { withoutGpu } from '../worker/gpu-device.js'
import { byId, make } from './elements.js'
import { fileBytes, modelFiles, packedBytes } from './files.js'
import { HeldFiles } from './held-files.js'
import { openPage } from './open-page.js'
import { openFirst, openWorker, type Start } from './open-worker.js'
import { answerOf, inWords, startWorker } from './worker-client.js'

const status = byId('status')

/** How workers of one build of onnxruntime are started; `own` is their script. */
async function starter(onGpu: boolean, own: Promise<Uint8Array<ArrayBuffer>>): Promise<Start> {
  const name = onGpu ? '/onnxruntime-webgpu' : '/onnxruntime'
  if (onGpu) document.head.append(make('script', { src: 'runtime-webgpu.js' }))
  const script = await own
  let runtime = runtimeOf(name)
  return () => {
    // its script is read while onnxruntime's is loaded
    const worker = startWorker(script)
    runtime = runtime.then((runtime) => answerOf(worker, 'prepare', { runtime, onGpu }))
    const prepared = runtime.then(() => {})
    // it shows where it is waited for
    prepared.catch(() => {})
    return { worker, prepared }
  }
}

async function runtimeOf(name: string): Promise<Runtime> {
  const [script, wasm] = await Promise.all([fileBytes(`${name}.js`), packedBytes(`${name}.wasm`)])
  // the worker has enough to do now
  askForFiles()
  return { script, wasm }
}

let isAsked = false

/** Asks for the script that gives the model's files: not before onnxruntime is here, which takes longer to start. */
function askForFiles(): void {
  if (!isAsked) document.head.append(make('script', { src: 'files.js' }))
  isAsked = true
}

async function start(): Promise<void> {
  const begun = performance.now()
  // only a server gives onnxruntime's build for WebGPU: in a folder of files it would be too much
  const isServed = document.documentElement.dataset.served !== undefined
  // a server gives their names alone
  if (isServed) askForFiles()
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
