import { fileBytes, fileModule, modelFiles } from '../page/files.js'
import type { ScoreRows } from './score-rows.js'

/** What the worker of score-rows.ts answers. */
export interface Scored {
  readonly logprobs?: number[][][]
  readonly error?: string
}

/** For tests: asks the worker of score-rows.ts, whose script, files and WebAssembly scripts beside the page give. */
async function askWorker(request: Omit<ScoreRows, 'module' | 'files'>): Promise<Scored> {
  const name = request.onGpu ? '/onnxruntime-webgpu' : '/onnxruntime'
  const [module, files, onnxruntime, script] = await Promise.all([
    fileModule(`${name}.wasm`),
    modelFiles(),
    fileBytes(`${name}.js`),
    fileBytes('/worker.js'),
  ])
  const worker = new Worker(URL.createObjectURL(new Blob([onnxruntime, '\n', script])))
  return new Promise((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<Scored>) => resolve(data)
    worker.onerror = (event) => resolve({ error: event.message })
    worker.postMessage({ ...request, module, files } satisfies ScoreRows)
  })
}

Object.assign(globalThis, { askWorker })
