import { availableParallelism } from 'node:os'
import { InputError, type ModelFiles, option, sentence } from '@saeval/hub'
import { readModelText } from '@saeval/hub/checks'
import { openTokenizer } from '@saeval/tokenizer'
import { mergedWeights } from '../adapter/merged-weights.js'
import { type Adapter, openAdapted } from '../adapter/open-adapter.js'
import { chooseFile } from '../exported/choose-file.js'
import { builtGraphs } from '../forward/built-graphs.js'
import { readModelSettings } from '../generation/model-settings.js'
import { checkPieces } from '../graph/check-pieces.js'
import { formOf } from '../graph/graph-form.js'
import { weightBytes } from '../quantized/weight-bytes.js'
import { deviceRoom, WeightsTooLarge } from '../runtime/device-room.js'
import { type ChosenDevices, type Device, devicesToTry } from '../runtime/devices.js'
import { processorName } from '../runtime/hardware.js'
import type { ThreadOptions } from '../runtime/protocol.js'
import type { Runtime } from '../runtime/runtime.js'
import { startRuntime } from '../runtime/start-runtime.js'
import { modelSpec } from '../spec/model-families.js'
import type { ModelSpec } from '../spec/model-spec.js'
import { withinVocabulary } from '../text/encode-requests.js'
import { EncodedTexts } from '../text/encoded-texts.js'
import { openCheckpoint, openRemoteCheckpoint } from '../weights/checkpoint.js'
import { fileIdentity } from '../weights/file-identity.js'
import { matchWeights } from '../weights/model-weights.js'
import { type Compute, resolveDtype } from '../weights/precision.js'
import { largestPacked } from '../weights/residence.js'
import { weightFiles } from '../weights/weight-files.js'
import { downloadLine, remoteWeights, weightsDownload, weightsMissing } from '../weights/weights-download.js'
import { assembleModel, textRules } from './assemble-model.js'
import { filesOfModel } from './files-of-model.js'
import { holdWeights } from './hold-weights.js'
import { loadFile } from './load-file.js'
import type { LoadModelOptions } from './load-model-options.js'
import type { OnnxModel } from './onnx-model.js'
import { severalDevices } from './several-devices.js'
import { tellOnce } from './tell-once.js'
import { tokenizerFiles } from './tokenizer-files.js'

/**
 * Opens a model: reads its configuration, tokenizer and the headers of its weights. The weights themselves are read from the
 * safetensors files by onnxruntime when the first text is scored. Throws InputError for anything that cannot be computed as trained.
 */
export function loadModel(options: LoadModelOptions): Promise<OnnxModel> {
  return loadModelPacked(options, largestPacked)
}

/** loadModel, with the size in bytes up to which weights are packed on the CPU, and what starts a runtime. */
export async function loadModelPacked(
  given: LoadModelOptions,
  packUpTo: number,
  start: (options: ThreadOptions) => Runtime = startRuntime,
): Promise<OnnxModel> {
  const options = { ...given, notice: tellOnce(given.notice ?? (() => {})) }
  const toTry = devicesToTry(options.device ?? null, options.standIn)
  let found = await toTry.next()
  for (let tooLarge: WeightsTooLarge | null = null; ; ) {
    // where an amount of a GPU's memory is given, it is that which is wrong
    const isLast =
      found.done ||
      (found.value.devices[0].name === 'cpu' && options.gpuMemory !== undefined) ||
      // other devices compute in float32 alone
      ((options.compute ?? 'float32') !== 'float32' && found.value.devices[0].provider.name !== 'cuda')
    if (tooLarge !== null && isLast) throw tooLarge
    try {
      return await loadOnAll(found.value!, options, packUpTo, start)
    } catch (error) {
      if (!(error instanceof WeightsTooLarge)) throw error
      found = await toTry.next(error.fault)
      tooLarge = error
    }
  }
}

async function loadOnAll(
  { devices: found, line }: ChosenDevices,
  options: LoadModelOptions,
  packUpTo: number,
  start: (options: ThreadOptions) => Runtime,
): Promise<OnnxModel> {
  const devices = found.map((device) => computing(device, options.compute ?? 'float32'))
  const models: OnnxModel[] = []
  // all devices read the same requests
  const encoded = devices.length > 1 ? new EncodedTexts() : undefined
  try {
    // one after the other: what the first one downloads or makes is there for the others
    for (const device of devices) models.push(await loadOn(device, { options, packUpTo, encoded, line }, start))
  } catch (error) {
    for (const model of models) await model.close()
    throw error
  }
  return models.length === 1 ? models[0]! : severalDevices(models)
}

async function loadOn(
  device: Device,
  loading: Pick<Opened, 'options' | 'packUpTo' | 'encoded'> & { readonly line: string | null },
  start: (options: ThreadOptions) => Runtime,
): Promise<OnnxModel> {
  const { options } = loading
  const hub = options.hub ?? {}
  const { files, adapter } = await openAdapted(options.model, options.revision, options.adapter, hub)
  const configPath = await files.path('config.json')
  const configText = await readModelText(configPath)
  const chosen = await chooseFile(files, options.onnxFile, hub)
  if (chosen !== null) return loadFile({ ...loading, chosen, device, files, adapter, configText }, start)
  // not before: an ONNX file runs elsewhere
  if (loading.line !== null) options.notice?.(loading.line)
  const spec = modelSpec(`${options.model}/config.json`, configText)
  // onnxruntime is loaded there while this thread reads the tokenizer
  const runtime = start({
    provider:
      device.provider.name === 'cuda' ? { ...device.provider, gpuMemory: options.gpuMemory ?? null } : device.provider,
    // onnxruntime's own count of cores is 1 on some virtual machines
    threads: options.threads ?? availableParallelism(),
  })
  try {
    return await loadOnto(runtime, { ...loading, device, files, adapter, configPath, configText, spec })
  } catch (error) {
    await runtime.close()
    throw error
  }
}

/** The device as it computes in something. Throws InputError where it does not. */
function computing(device: Device, compute: Compute): Device {
  const { name, provider, standsFor } = device
  if (compute === 'float32') return device
  if ((standsFor?.provider ?? provider).name !== 'cuda')
    throw new InputError(
      `compute=${compute} is for CUDA, and ${name} computes in float32: leave it out, or add device cuda`,
    )
  if (provider.name !== 'cuda') return device
  const { capability } = device.hardware
  if (capability !== undefined && Number.parseInt(capability, 10) < 8)
    throw new InputError(
      `compute=${compute} is for NVIDIA GPUs of compute capability 8.0 or newer, and ${name} has ${capability}: leave it out`,
    )
  return { ...device, provider: { ...provider, tf32: compute === 'tf32' } }
}

interface Opened {
  readonly options: LoadModelOptions
  readonly packUpTo: number
  readonly encoded: EncodedTexts | undefined
  readonly device: Device
  readonly files: ModelFiles
  readonly adapter: Adapter | null
  readonly configPath: string
  readonly configText: string
  readonly spec: ModelSpec
}

async function loadOnto(
  runtime: Runtime,
  { options, packUpTo, encoded, device, files, adapter, configPath, configText, spec: ownSpec }: Opened,
): Promise<OnnxModel> {
  const { provider } = device
  const compute = options.compute ?? 'float32'
  const texts = await tokenizerFiles(options, files, adapter)
  const rulesOfTokens = { modelType: ownSpec.family, addBosToken: options.addBosToken ?? null }
  const tokenizer = withinVocabulary(await openTokenizer(texts, rulesOfTokens), ownSpec.vocabSize)
  const download = await weightsDownload(files, options.hub ?? {})
  const plansOnly = download !== null && options.withoutDownload === true
  if (download !== null && !plansOnly) options.notice?.(downloadLine(files.name, download))
  const checkpoint = plansOnly
    ? await openRemoteCheckpoint(await remoteWeights(download, options.hub ?? {}))
    : await openCheckpoint(await weightFiles(files))
  const own = matchWeights(ownSpec, checkpoint, files.name)
  const { spec, stored, disposeMerged } = await mergedWeights(options, packUpTo, {
    spec: ownSpec,
    stored: own,
    // what only plans has no weights to merge it into
    adapter: plansOnly ? null : adapter,
    modelName: files.name,
  })
  const { precision, bits } = resolveDtype(options.dtype ?? 'float32', configPath, configText, checkpoint)
  const rules = textRules(options, tokenizer, spec)
  const modelSettings = await readModelSettings(files)
  // a model that only plans makes no files of rounded weights
  const heldBits = plansOnly ? null : bits
  const { weights, dispose } = await holdWeights(options, {
    spec,
    stored,
    provider,
    precision,
    bits: heldBits,
    packUpTo,
    plansOnly,
  })
  const form = formOf(provider, device.standsFor ? 'float32' : compute)
  checkPieces({ spec, weights, form }, files.name, device.name)
  const bytes = weightBytes({ spec, weights, form }, bits, files.name)
  // the CPU's memory is the host's: weights stay in their files
  if ((device.standsFor?.provider ?? provider).name === 'cpu' && options.gpuMemory !== undefined)
    throw new InputError(
      sentence`${option('gpuMemory')} is for devices with memory of their own, and the model computes on the CPU; leave it out`,
    )
  const room =
    plansOnly || provider.name === 'cpu'
      ? null
      : await deviceRoom(runtime, bytes, options.gpuMemory ?? null, device.hardware)
  return assembleModel({
    options,
    files,
    configText,
    graphs: builtGraphs({ spec, weights, form }),
    weights,
    weightPaths: () => weightFiles(files),
    file: null,
    weightBytes: bytes,
    weightsToDownload: plansOnly ? download.bytes : 0,
    precision,
    bits,
    adapter,
    texts,
    rules,
    encoded,
    modelSettings,
    runtime: {
      ...runtime,
      ...(plansOnly ? { open: () => ({ run: () => Promise.reject(weightsMissing(files.name)) }) } : {}),
      close: () => runtime.close().finally(dispose).finally(disposeMerged),
    },
    provider,
    device: device.name,
    hardware: provider.name === 'cpu' ? processorName() : device.hardware.name,
    standsFor: device.standsFor?.provider ?? null,
    compute,
    room,
    fileIdentity,
    modelFiles: () => filesOfModel(files, texts, adapter),
  })
}
