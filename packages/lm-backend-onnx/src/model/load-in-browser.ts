import { InputError } from '@saeval/hub'
import { readModelText } from '@saeval/hub/checks'
import { join, sha256 } from '@saeval/hub/internal/disk'
import { mountedBytes } from '@saeval/hub/internal/disk.browser'
import { openTokenizer } from '@saeval/tokenizer'
import { builtGraphs } from '../forward/built-graphs.js'
import { readModelSettings } from '../generation/model-settings.js'
import { formOf } from '../graph/graph-form.js'
import { breather } from '../runtime/breathe.js'
import { localChannel } from '../runtime/local-channel.js'
import { passShapes } from '../runtime/pass-shapes.js'
import { remoteRuntime } from '../runtime/remote-runtime.js'
import { type WebGpuDevice, type WebOnnxruntime, webEngine } from '../runtime/web-engine.js'
import { webGpuEngine } from '../runtime/web-gpu-engine.js'
import { modelSpec } from '../spec/model-families.js'
import { withinVocabulary } from '../text/encode-requests.js'
import { openCheckpoint } from '../weights/checkpoint.js'
import { type ModelWeights, matchWeights } from '../weights/model-weights.js'
import { openModelFiles, weightFiles } from '../weights/weight-files.js'
import { assembleModel, textRules } from './assemble-model.js'
import type { OnnxModel } from './onnx-model.js'

/** How a model is opened in a browser. */
export interface BrowserModelOptions {
  /** A folder with config.json, tokenizer.json and safetensors files among those that mountFiles of @saeval/hub was given. */
  readonly model: string
  /** onnxruntime-web's module, set up. */
  readonly onnxruntime: WebOnnxruntime
  /** What computes; WebAssembly by default. onnxruntime's build must be one with WebGPU. */
  readonly gpu?: WebGpuDevice | null
  /** Longest input in tokens; the model's own limit by default. */
  readonly maxLength?: number
}

/** Bytes of weights that a model's graphs hold together in WebAssembly's memory of 4 GB: each has its own copy, and needs as much again while it is opened. */
const mostHeld = 2 ** 31
/** Bytes of weights in float32: of the largest model eight graphs are open at a time. */
const largest = mostHeld / 8
/** With WebGPU there is one copy on the device, beside the files themselves. */
const largestOnGpu = 2 ** 30

// a worker that is told to stop hears it after this
const breathMilliseconds = 15

/**
 * Opens a model among the page's files, in float32. It computes on the thread that opens it, a worker's. Throws InputError for anything that cannot
 * be computed as trained, and for a model that is too large.
 */
export async function loadModel(options: BrowserModelOptions): Promise<OnnxModel> {
  const { model, onnxruntime, maxLength, gpu = null } = options
  const files = await openModelFiles(model, undefined, {})
  const configText = await readModelText(await files.path('config.json'))
  const spec = modelSpec(`${model}/config.json`, configText)
  const rulesOfTokens = { modelType: spec.family, addBosToken: null }
  const tokenizer = withinVocabulary(await openTokenizer(files, rulesOfTokens), spec.vocabSize)
  const checkpoint = await openCheckpoint(await weightFiles(files))
  const stored = matchWeights(spec, checkpoint, files.name)
  const weightBytes = 4 * stored.numParameters
  checkSize(model, weightBytes, gpu === null ? largest : largestOnGpu)
  const locations = new Set([...checkpoint.tensors.values()].map(({ location }) => location))
  const engine =
    gpu === null
      ? webEngine(
          onnxruntime,
          (folder) => [...locations].map((path) => ({ path, data: mountedBytes(join(folder, path)) })),
          mostHeld,
        )
      : webGpuEngine(onnxruntime, gpu, mountedBytes)
  // the kernels of WebAssembly are those of the CPU
  const provider = { name: gpu === null ? 'cpu' : 'webgpu' } as const
  const device = gpu === null ? 'wasm' : 'webgpu'
  const weights: ModelWeights = {
    ...stored,
    precision: 'float32',
    residence: gpu === null ? 'packed' : 'device',
    quantized: null,
    kept: new Map([...checkpoint.tensors.values()].map(({ name }) => [name, 'float32'])),
  }
  return assembleModel({
    options: { model, ...(maxLength === undefined ? {} : { maxLength }) },
    files,
    configText,
    graphs: builtGraphs({ spec, weights, form: formOf(provider, 'float32') }),
    weights,
    weightPaths: () => weightFiles(files),
    file: null,
    weightBytes,
    weightsToDownload: 0,
    precision: 'float32',
    bits: null,
    adapter: null,
    texts: files,
    rules: textRules({ model, ...(maxLength === undefined ? {} : { maxLength }) }, tokenizer, spec),
    modelSettings: await readModelSettings(files),
    runtime: remoteRuntime(localChannel(engine, breather(breathMilliseconds)), device, passShapes[provider.name]),
    provider,
    device,
    compute: 'float32',
    room: null,
    fileIdentity: async (path) => {
      const hash = sha256()
      hash.update(mountedBytes(path))
      return hash.hex()
    },
  })
}

function checkSize(model: string, bytes: number, most: number): void {
  if (bytes <= most) return
  const words = (count: number) => `${Math.ceil(count / 1e6)} MB`
  const cure = most === largest ? ` (with WebGPU up to ${words(largestOnGpu)}, which does not compute here)` : ''
  throw new InputError(
    `${model} takes ${words(bytes)} in float32, and a page holds up to ${words(most)}${cure}; choose a smaller model`,
  )
}
