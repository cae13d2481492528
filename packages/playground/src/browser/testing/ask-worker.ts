import { fileBytes, modelFiles } from '../page/files.js'
import type { ScoreRows } from './score-rows.js'

/** What the worker of score-rows.ts answers. */
export interface Scored {
  readonly logprobs?: number[][][]
  readonly error?: string
}

/** For tests: asks the worker of score-rows.ts, whose script, files and WebAssembly scripts beside the page give. */
async function askWorker(request: Omit<ScoreRows, 'wasm' | 'files'>): Promise<Scored> {
  const [script, files, wasm] = await Promise.all([
    fileBytes('/worker.js'),
    modelFiles(),
    fileBytes('/onnxruntime.wasm'),
  ])
  const worker = new Worker(URL.createObjectURL(new Blob([script])))
  return new Promise((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<Scored>) => resolve(data)
    worker.onerror = (event) => resolve({ error: event.message })
    worker.postMessage({ ...request, wasm, files } satisfies ScoreRows)
  })
}

Object.assign(globalThis, { askWorker })
