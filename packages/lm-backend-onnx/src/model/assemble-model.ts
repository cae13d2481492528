import { InputError, type ModelFiles } from '@saeval/hub'
import type { ModelFile } from '@saeval/language-model'
import type { PyDict, PyValue } from '@saeval/python/templates'
import { createChatTemplate, type Tokenizer } from '@saeval/tokenizer'
import { tokenizerFilesOf } from '@saeval/tokenizer/internal/open-tokenizer'
import type { Adapter } from '../adapter/open-adapter.js'
import { createForward } from '../forward/forward.js'
import type { ModelGraphs } from '../forward/model-graphs.js'
import type { ModelSettings } from '../generation/model-settings.js'
import { formOf } from '../graph/graph-form.js'
import type { BatchSize } from '../plan/token-budget.js'
import type { DeviceRoom } from '../runtime/device-room.js'
import type { Provider } from '../runtime/protocol.js'
import type { Runtime } from '../runtime/runtime.js'
import type { ModelShape } from '../spec/model-spec.js'
import { resolvePrefixTokenId, type TextRules } from '../text/encode-requests.js'
import type { EncodedTexts } from '../text/encoded-texts.js'
import type { ModelWeights } from '../weights/model-weights.js'
import type { Compute, Holding } from '../weights/precision.js'
import { blockSize } from '../weights/quantize-rows.js'
import type { LoadModelOptions } from './load-model-options.js'
import { createOnnxModel, type OnnxModel, type OnnxModelParts } from './onnx-model.js'

/** Raise when the numbers or texts of the same model become others. */
const answersVersion = 2

/** A model's files, read; see assembleModel. */
export interface OpenedModel extends Holding {
  readonly options: LoadModelOptions
  readonly files: ModelFiles
  readonly configText: string
  readonly graphs: ModelGraphs
  readonly weights: Pick<ModelWeights, 'folder' | 'residence' | 'numParameters'>
  /** Files that hold them. */
  readonly weightPaths: () => Promise<readonly string[]>
  /** What else results say of where the graphs are from; null for nothing. */
  readonly file: object | null
  /** What results say of the numbers of weights and products that are a file's own; absent where `precision`, `bits` and `compute` say it. */
  readonly held?: Pick<OnnxModelParts['facts'], 'dtype' | 'quantization' | 'computedIn'>
  /** Bytes of memory that the weights take, and of those that are not there. */
  readonly weightBytes: number
  readonly weightsToDownload: number
  readonly adapter: Adapter | null
  /** Where the tokenizer is from. */
  readonly texts: ModelFiles
  readonly rules: TextRules
  /** What models of other devices have tokenised; absent for none. */
  readonly encoded?: EncodedTexts | undefined
  readonly modelSettings: ModelSettings
  /** What computes, under which name, in what, and with how much memory beside the weights. */
  readonly runtime: Runtime
  readonly provider: Provider
  readonly device: string
  /** What the device is; null where nobody tells. null by default. */
  readonly hardware?: string | null
  /** Of a CPU that stands in for a device that is not here: the provider that the model counts as. */
  readonly standsFor?: Provider | null
  readonly compute: Compute
  readonly room: DeviceRoom | null
  /** What tells a file's content from another's. */
  readonly fileIdentity: (path: string) => Promise<string>
  /** See LanguageModel.files. */
  readonly modelFiles?: () => Promise<readonly ModelFile[]>
}

/** Puts a model together from its files and what computes it: the same everywhere. */
export async function assembleModel(opened: OpenedModel): Promise<OnnxModel> {
  const { options, files, configText, graphs, weights, adapter, rules, modelSettings, fileIdentity } = opened
  const { runtime, provider, compute, room, precision, bits } = opened
  const meant = opened.standsFor ?? provider
  const { tokenizer } = rules
  const notice = options.notice ?? (() => {})
  const forward = createForward({
    graphs,
    weights,
    runtime,
    provider,
    room,
    notice,
    special: { bos: tokenizer.bos?.id ?? null, all: tokenizer.specialIds },
  })
  const textPaths = await tokenizerFilesOf(opened.texts)
  let identity: Promise<unknown> | null = null
  const identify = async () => [
    answersVersion,
    configText,
    await Promise.all((await opened.weightPaths()).map(fileIdentity)),
    await Promise.all(
      [textPaths.tokenizerJson, textPaths.tokenizerConfig, textPaths.specialTokensMap].map((path) =>
        path === null ? null : fileIdentity(path),
      ),
    ),
    [tokenizer.eos?.id ?? null, modelSettings.values],
    [rules.addBosToken, rules.prefixTokenId, rules.maxLength, ...(rules.thinkEnd == null ? [] : [rules.thinkEnd])],
    [precision, bits, meant.name, ...(compute === 'float32' ? [] : [compute])],
    adapter === null ? null : [adapter.configText, await fileIdentity(adapter.weightsPath)],
  ]
  return createOnnxModel({
    forward,
    rules,
    encoded: opened.encoded,
    chatTemplate: createChatTemplate(tokenizer, templateArgs(options)),
    batchSize: batchSize(options.batchSize ?? 'auto', options.maxBatchSize ?? Number.POSITIVE_INFINITY),
    modelSettings,
    notice,
    identity: () => {
      identity ??= identify()
      return identity
    },
    files: opened.modelFiles,
    facts: {
      device: opened.device,
      hardware: opened.hardware ?? null,
      standIn: meant !== provider,
      computedIn: compute,
      weightsToDownload: opened.weightsToDownload,
      weightBytes: opened.weightBytes,
      numParameters: weights.numParameters,
      dtype: bits === null ? `torch.${precision}` : `int${bits}`,
      quantization:
        bits === null
          ? null
          : {
              bits,
              block: blockSize,
              activations: bits === 8 ? formOf(meant, compute).activationsOf8Bits : 'float32',
            },
      revision: files.revision,
      sha: files.commit,
      file: opened.file,
      adapter: adapter === null ? null : { name: adapter.files.name, sha: adapter.files.commit },
      ...opened.held,
    },
  })
}

/** How texts become tokens. Throws InputError for options that do not fit each other or the model. */
export function textRules(options: LoadModelOptions, tokenizer: Tokenizer, spec: ModelShape): TextRules {
  const maxLength = checkMaxLength(options.maxLength, spec.maxPositions, spec.maxPositionsIsHard)
  const rules: TextRules = {
    tokenizer,
    addBosToken: options.addBosToken ?? null,
    prefixTokenId: resolvePrefixTokenId(tokenizer, options.prefixTokenId ?? null, spec.vocabSize),
    maxLength,
    thinkEnd: options.thinkEndToken ?? null,
    thinking: options.enableThinking === true,
  }
  if (rules.thinking && rules.thinkEnd === null)
    throw new InputError('enable_thinking=true needs think_end_token, the text or token id that ends thinking')
  return rules
}

function checkMaxLength(wanted: number | undefined, limit: number, hard: boolean): number {
  if (wanted === undefined) return limit
  if (!Number.isInteger(wanted) || wanted < 1)
    throw new InputError(`max_length is ${wanted}, expected a positive whole number`)
  // a learned position table has no row beyond its end; rotary models merely were not trained there
  if (hard && wanted > limit)
    throw new InputError(`max_length is ${wanted}, but the model has positions for ${limit} tokens`)
  return wanted
}

function batchSize(wanted: number | 'auto', most: number): BatchSize {
  if (wanted === 'auto') return { most }
  if (!Number.isInteger(wanted) || wanted < 1)
    throw new InputError(`batch_size is ${wanted}, expected a positive whole number or auto`)
  return wanted
}

/** lm_eval's names for the chat template: chat_template_args, with enable_thinking over them. */
function templateArgs({ chatTemplateArgs, enableThinking }: LoadModelOptions): PyDict {
  return new Map<string, PyValue>([
    ...(chatTemplateArgs ?? []),
    ...(enableThinking === undefined ? [] : [['enable_thinking', enableThinking] as const]),
  ])
}
