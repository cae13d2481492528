import { mountFiles } from '@saeval/hub'
import { loadModel } from '@saeval/lm-backend-onnx'
import type { Playground } from '../playground.js'
import { gpuDevice } from '../worker/gpu-device.js'
import { setUpOnnxruntime } from '../worker/onnxruntime.js'
import { steeringOf } from '../worker/steering.js'

// A worker for tests: log-probabilities of given tokens, under each of some steering files; '' is the model as it is.

export interface ScoreRows {
  readonly module: WebAssembly.Module
  readonly onGpu: boolean
  readonly files: Readonly<Record<string, Uint8Array>>
  readonly model: string
  readonly texts: readonly string[]
  readonly csvs: readonly string[]
}

self.onmessage = async ({ data }: MessageEvent<ScoreRows>) => {
  try {
    self.postMessage({ logprobs: await score(data) })
  } catch (error) {
    self.postMessage({ error: String(error) })
  }
}

async function score({ module, onGpu, files, model: name, texts, csvs }: ScoreRows): Promise<number[][][]> {
  mountFiles(files)
  const gpu = onGpu ? await gpuDevice() : null
  const model = await loadModel({ model: name, onnxruntime: setUpOnnxruntime(module), gpu })
  const rows = texts.map((text) => {
    const ids = model.tokenizer.encode(text)
    return { ids, predictions: ids.slice(1).map((token, position) => ({ position, token })) }
  })
  const all: number[][][] = []
  for (const csv of csvs) {
    const { interventions } =
      csv === '' ? { interventions: [] } : await steeringOf(model, { model: name } as Playground, csv)
    const scored = await model.steer(interventions).scoreTokens(rows)
    all.push(scored.map(({ logprobs }) => [...logprobs]))
  }
  return all
}
