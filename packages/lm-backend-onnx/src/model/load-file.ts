import { availableParallelism } from 'node:os'
import { InputError, type ModelFiles, option, sentence } from '@saeval/hub'
import { openTokenizer } from '@saeval/tokenizer'
import type { Adapter } from '../adapter/open-adapter.js'
import { type ChosenFile, choiceLine } from '../exported/choose-file.js'
import { fileGraphs } from '../exported/file-graphs.js'
import { openFile } from '../exported/open-file.js'
import { readModelSettings } from '../generation/model-settings.js'
import type { Device } from '../runtime/devices.js'
import { processorName } from '../runtime/hardware.js'
import type { ThreadOptions } from '../runtime/protocol.js'
import type { Runtime } from '../runtime/runtime.js'
import { layerNormsOfFamily } from '../spec/layer-norms.js'
import { readConfig } from '../spec/read-config.js'
import { withinVocabulary } from '../text/encode-requests.js'
import type { EncodedTexts } from '../text/encoded-texts.js'
import { fileIdentity } from '../weights/file-identity.js'
import { megabytes } from '../weights/weights-download.js'
import { assembleModel, textRules } from './assemble-model.js'
import { filesOfModel } from './files-of-model.js'
import type { LoadModelOptions } from './load-model-options.js'
import type { OnnxModel } from './onnx-model.js'
import { tokenizerFiles } from './tokenizer-files.js'

/** A model that is an ONNX file, found. */
export interface FileLoading {
  readonly chosen: ChosenFile
  readonly options: LoadModelOptions
  /** Bytes of weights up to which they are packed on the CPU. */
  readonly packUpTo: number
  readonly encoded: EncodedTexts | undefined
  readonly device: Device
  readonly files: ModelFiles
  readonly adapter: Adapter | null
  readonly configText: string
}

/** Opens a model whose graph is an ONNX file. Throws InputError for graphs that are no decoder, and options that are for safetensors. */
export async function loadFile(loading: FileLoading, start: (options: ThreadOptions) => Runtime): Promise<OnnxModel> {
  const { chosen, options, files, configText } = loading
  const { path, bytesMissing } = chosen
  refuseOptions(loading)
  if (loading.device.name !== 'cpu')
    options.notice?.(`device: cpu; ${files.name} is computed from ${path}, and ONNX files run on the CPU`)
  const toDownload = (what: string, bytes: number) => {
    if (options.withoutDownload === true)
      throw new InputError(
        sentence`${files.name} is computed from ${what}, which is not in the cache, and its graph is needed to plan; run it without ${option('withoutDownload')}`,
      )
    options.notice?.(`${files.name}: ${what}, ${megabytes(bytes)}, to be downloaded`)
  }
  if (bytesMissing > 0) toDownload(path, bytesMissing)
  const line = choiceLine(files.name, chosen)
  if (line !== null) options.notice?.(line)
  const config = readConfig(`${options.model}/config.json`, configText)
  const { exported, folder, paths, sources, facts } = await openFile(files, path, config, (weights) => {
    const bytes = chosen.missing(weights)
    if (bytes !== null) toDownload(weights, bytes)
  })
  const { spec } = exported
  const texts = await tokenizerFiles(options, files, null)
  const rulesOfTokens = { modelType: spec.family, addBosToken: options.addBosToken ?? null }
  const tokenizer = withinVocabulary(await openTokenizer(texts, rulesOfTokens), spec.vocabSize)
  const { file, producer, opset, quantization, isHalf, weightBytes, numParameters } = facts
  const precision = isHalf ? 'float16' : 'float32'
  const runtime = start({ provider: { name: 'cpu' }, threads: options.threads ?? availableParallelism() })
  try {
    return await assembleModel({
      options,
      files,
      configText,
      graphs: fileGraphs(exported, layerNormsOfFamily(config.file, configText)),
      weights: { folder, residence: weightBytes <= loading.packUpTo ? 'packed' : 'mapped', numParameters },
      weightPaths: () => Promise.resolve(paths),
      file: {
        file,
        producer,
        opset,
        hook_points: exported.prompts.sites.length > 0,
        ...(quantization === null ? {} : { bits: quantization.bits }),
      },
      weightBytes,
      weightsToDownload: 0,
      precision,
      bits: null,
      held: {
        dtype: quantization === null ? `torch.${precision}` : `int${quantization.bits}`,
        quantization,
        computedIn: precision,
      },
      adapter: null,
      texts,
      rules: textRules(options, tokenizer, spec),
      encoded: loading.encoded,
      modelSettings: await readModelSettings(files),
      runtime,
      provider: { name: 'cpu' },
      device: 'cpu',
      hardware: processorName(),
      compute: 'float32',
      room: null,
      fileIdentity,
      modelFiles: () => filesOfModel(files, texts, null, sources),
    })
  } catch (error) {
    await runtime.close()
    throw error
  }
}

/** What is for weights that graphs are built from. */
function refuseOptions({ options, adapter, device, files, chosen }: FileLoading): void {
  const what = `${files.name} is computed from ${chosen.path}`
  if (adapter !== null)
    throw new InputError(
      `${what}, into which no adapter can be merged; merge it before the export, or give safetensors`,
    )
  if (options.dtype !== undefined && options.dtype !== 'float32')
    throw new InputError(
      sentence`${what}, whose numbers stay as they are: leave dtype=${options.dtype} out; ${option('modelArgs')} onnx_file=… chooses a file of other numbers`,
    )
  const asked = options.device !== undefined && options.device !== 'auto'
  if (asked && device.name !== 'cpu')
    throw new InputError(sentence`${what}, which runs on the CPU; leave ${option('device')} ${device.name} out`)
  if (options.compute !== undefined && options.compute !== 'float32')
    throw new InputError(`${what}, which computes as it was exported: leave compute=${options.compute} out`)
  if (options.gpuMemory !== undefined)
    throw new InputError(
      sentence`${option('gpuMemory')} is for devices with memory of their own, and the model computes on the CPU; leave it out`,
    )
}
