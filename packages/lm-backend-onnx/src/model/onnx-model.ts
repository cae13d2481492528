import { InputError } from '@saeval/hub'
import {
  type ChatTemplate,
  type GenerationSettings,
  type Hook,
  type HookedRun,
  type ModelFile,
  type ModelInfo,
  type ModelReport,
  readByType,
  type SteerableModel,
  type TextOptions,
} from '@saeval/language-model'
import type { Intervention } from '@saeval/sae-core'
import type { Tokenizer } from '@saeval/tokenizer'
import { ActedCounter } from '../forward/acted-counter.js'
import { checkInterventions } from '../forward/check-interventions.js'
import { fingerprintOf } from '../forward/fingerprint.js'
import type { Forward } from '../forward/forward.js'
import { capture, checkHookPoints, runHooked } from '../forward/hooks.js'
import { textLayout } from '../forward/pass-layout.js'
import { defaultKeepBytes, firstEditedStep, shareBelow } from '../forward/share-below.js'
import { type GenerateParts, readGenerateUntil } from '../generation/generate-until.js'
import type { ModelSettings } from '../generation/model-settings.js'
import { addOrigins, type SettingOrigins } from '../generation/resolve-settings.js'
import { SettingsBeside } from '../generation/settings-beside.js'
import type { BatchSize } from '../plan/token-budget.js'
import {
  noRequests,
  type ReadParts,
  type RequestCounts,
  readLoglikelihood,
  readLoglikelihoodRolling,
  readRows,
} from '../scoring/read-requests.js'
import { encodeGenerationContext, type TextRules } from '../text/encode-requests.js'
import { EncodedTexts } from '../text/encoded-texts.js'
import type { Compute } from '../weights/precision.js'
import { checkIds } from './check-ids.js'

/** A language model on onnxruntime. */
export interface OnnxModel extends SteerableModel {
  readonly tokenizer: Tokenizer
  /** Bytes of weights that are not there (see LoadModelOptions.withoutDownload): a model that can plan and not compute. 0 of others. */
  readonly weightsToDownload: number
  readonly actedTokens: ReadonlyMap<number, number>
  readonly furtherShare: number
  steer(interventions: readonly Intervention[]): OnnxModel
  /** As SteerableModel says; kept are up to `keepBytes` (1 GB by default), and lists of requests that do not fit share nothing. */
  shareBelow(settings: readonly (readonly Intervention[])[], keepBytes?: number): OnnxModel
  /** As SteerableModel says. */
  writeBeside(settings: readonly (readonly Intervention[])[], mayWrite?: () => (setting: number) => boolean): OnnxModel
  /** As SteerableModel says; interventions at the same hook point act before a callback. */
  runWithHooks(
    text: string | readonly number[],
    hooks: Readonly<Record<string, Hook>>,
    options?: TextOptions,
  ): Promise<HookedRun>
  /**
   * The ids that a generate_until request with this context and maxGenToks is read as, and whether its beginning was cut to make room. Throws InputError where no room
   * is left.
   */
  encodePrompt(context: string, maxGenToks: number): { readonly ids: readonly number[]; readonly truncated: boolean }
  /** As SteerableModel says. */
  unembed(vectors: Float32Array): Promise<readonly Float32Array[]>
  report(): ModelReport
  /** As LanguageModel says; files are read for it once, whatever the edits. */
  readonly fingerprint: () => Promise<string>
}

export interface OnnxModelParts {
  readonly forward: Forward
  readonly rules: TextRules
  readonly chatTemplate: ChatTemplate | null
  readonly batchSize: BatchSize
  /** What can change the numbers of the model as it is: weights, tokenizer, settings; JSON values. The same promise at every call. */
  readonly identity: () => Promise<unknown>
  /** See LanguageModel.files; absent of a model whose files nobody asks for. */
  readonly files?: (() => Promise<readonly ModelFile[]>) | undefined
  /** What others who read the same requests have tokenised: earlier settings that share, other devices. */
  readonly encoded?: EncodedTexts | undefined
  /** Settings that are asked the same texts; absent where nobody says so. */
  readonly beside?: SettingsBeside
  /** What the model's files say about generating. */
  readonly modelSettings: ModelSettings
  /** Told, in a line, what the user should know. */
  readonly notice: (line: string) => void
  readonly facts: {
    /** Name of the device. */
    readonly device: string
    /** What that is; null where nobody tells. */
    readonly hardware: string | null
    /** What its products are computed in. */
    readonly computedIn: Compute | 'float16'
    /** Whether the CPU stands in for the device. */
    readonly standIn: boolean
    readonly numParameters: number
    readonly weightsToDownload: number
    readonly weightBytes: number
    /** How weights are held: "torch.float32" and the like, or "int8", "int4". */
    readonly dtype: string
    readonly quantization: object | null
    readonly revision: string
    readonly sha: string
    /** What else there is to say of where the graphs are from; null for nothing. */
    readonly file: object | null
    /** The adapter in the weights: its name and commit; null for none. */
    readonly adapter: { readonly name: string; readonly sha: string } | null
  }
}

/** Puts a model together from its parts; see loadModel. */
export function createOnnxModel(parts: OnnxModelParts, interventions: readonly Intervention[] = []): OnnxModel {
  const { forward, rules, chatTemplate } = parts
  const { tokenizer } = rules
  checkInterventions(forward, interventions)
  // tokens of requests, for all views that share
  let { encoded } = parts
  const counts = noRequests()
  const acted = new ActedCounter()
  const fromFiles: Record<string, GenerationSettings> = {}
  const reading = { ...parts, interventions, counts }
  const scoring: ReadParts = { ...reading, edits: () => forward.storedEdits(interventions, acted) }
  // texts go their own ways with every setting: there is nothing to share
  const whole = forward.undivided ?? forward
  const generating: GenerateParts = {
    ...reading,
    forward: whole,
    acted,
    onOrigins: (origins) => addOrigins(fromFiles, origins),
  }
  // the session opens on its thread while this one encodes
  const openEarly = ({ forward }: Pick<ReadParts, 'forward'>) => forward.open([interventions])
  const read = readByType({
    loglikelihood: (requests) => {
      openEarly(scoring)
      return readLoglikelihood(scoring, requests)
    },
    loglikelihood_rolling: (requests) => {
      openEarly(scoring)
      return readLoglikelihoodRolling(scoring, requests)
    },
    generate_until: (requests) => {
      openEarly(generating)
      return readGenerateUntil(generating, requests)
    },
  })
  const encoding = rules.addBosToken === null ? {} : { addSpecialTokens: rules.addBosToken }
  const toIds = (text: string | readonly number[]) =>
    checkIds(forward, typeof text === 'string' ? tokenizer.encode(text, encoding) : text, rules.maxLength)

  return {
    tokenizer,
    chatTemplate,
    interventions,
    family: forward.spec.family,
    ...(forward.layerNorms === undefined ? {} : { layerNorms: forward.layerNorms }),
    hookPoints: forward.steps.map((step) => step.hookPoint),
    widthOf: (hookPoint) => {
      checkHookPoints(forward, [hookPoint])
      return forward.widths.get(hookPoint)!
    },
    dHead: forward.headSize,
    weightsToDownload: parts.facts.weightsToDownload,
    get actedTokens() {
      return acted.tokens
    },
    info: modelInfo(parts),
    report: () => modelReport(counts, fromFiles),
    furtherShare: forward.shared?.upperShare ?? 1,
    steer: (others) => createOnnxModel(parts, others),
    shareBelow: (settings, keepBytes = forward.room?.states ?? defaultKeepBytes) => {
      for (const setting of settings) checkInterventions(forward, setting)
      const cut = firstEditedStep(forward, settings)
      encoded ??= new EncodedTexts()
      return createOnnxModel({
        ...parts,
        encoded,
        ...(cut === 0 ? {} : { forward: shareBelow(forward, cut, keepBytes) }),
      })
    },
    writeBeside: (settings, mayWrite) => {
      for (const setting of settings) checkInterventions(forward, setting)
      encoded ??= new EncodedTexts()
      const room = { weights: parts.facts.numParameters, room: forward.room }
      return createOnnxModel({ ...parts, encoded, beside: new SettingsBeside(settings, room, mayWrite) })
    },

    read,

    encodePrompt: (context, maxGenToks) => encodeGenerationContext(rules, context, maxGenToks),

    scoreTokens: async (rows, options) => {
      for (const row of rows) checkIds(forward, row.ids, rules.maxLength)
      let done = 0
      return readRows(scoring, rows)(indicesOf(rows), options, () => options?.onProgress?.(++done, rows.length))
    },

    lastLogits: async (ids, settings) => {
      checkIds(forward, ids, rules.maxLength)
      for (const setting of settings) checkInterventions(forward, setting)
      const edits = forward.edits(settings)
      const layout = textLayout(
        settings.map((_, row) => ({
          ids,
          masks: forward.masks(edits.selections[row]!, { ids, promptLength: ids.length }),
        })),
      )
      const gather = settings.map((_, row) => (row + 1) * ids.length - 1)
      const hidden = forward.body(edits, layout, gather, { past: null, keep: null })
      edits.dispose()
      const { logits, overflows } = await forward.logits(hidden.tensor).finally(hidden.dispose)
      return logits.map((row, index) => (overflows[index]! ? row.fill(Number.NaN) : row))
    },

    unembed: async (vectors) => {
      const { dModel } = forward.spec
      if (vectors.length % dModel !== 0)
        throw new InputError(
          `unembed takes vectors of ${dModel} numbers; ${vectors.length} numbers are no whole vectors`,
        )
      const hidden = { dtype: 'float32', data: vectors, dims: [vectors.length / dModel, dModel] } as const
      return (await forward.logits(hidden)).logits
    },

    captureActivations: async (text, hookPoints, options) => {
      checkHookPoints(forward, hookPoints)
      if (hookPoints.length === 0) throw new InputError('captureActivations needs at least one hook point')
      return capture(forward, interventions, maskedText(toIds(text), options), hookPoints)
    },

    runWithHooks: async (text, hooks, options) => {
      checkHookPoints(forward, Object.keys(hooks))
      return runHooked(forward, interventions, maskedText(toIds(text), options), new Map(Object.entries(hooks)))
    },

    fingerprint: async () => fingerprintOf([await parts.identity(), interventions.map(keptForm)]),
    ...(parts.files === undefined ? {} : { files: parts.files }),

    close: () => forward.close(),
  }
}

function indicesOf(list: readonly unknown[]): number[] {
  return [...list.keys()]
}

function maskedText(ids: readonly number[], { promptLength = ids.length }: TextOptions = {}) {
  return { ids, promptLength }
}

/** An intervention under the names that answers and cells are kept by since the first version. */
function keptForm({ stages, ...rest }: Intervention): object {
  return { ...rest, stages: stages.map(({ saeReplacement, ...stage }) => ({ ...stage, splice: saeReplacement })) }
}

function modelInfo({ facts, rules, batchSize }: OnnxModelParts): ModelInfo {
  const { bos, eos, pad } = rules.tokenizer
  const pair = (token: { text: string; id: number } | null) =>
    token === null ? null : ([token.text, token.id] as const)
  return {
    numParameters: facts.numParameters,
    device: facts.device,
    ...(facts.hardware === null ? {} : { hardware: facts.hardware }),
    ...(facts.standIn ? { standIn: true } : {}),
    memory: { weights: facts.weightBytes, toDownload: facts.weightsToDownload },
    revision: facts.revision,
    sha: facts.sha,
    dtype: facts.dtype,
    maxLength: rules.maxLength,
    // lm_eval pads with EOS where the tokenizer has no padding token
    padToken: pair(pad ?? eos),
    eosToken: pair(eos),
    bosToken: pair(bos),
    eotTokenId: eos?.id ?? null,
    batchSizes: [],
    provenance: {
      backend: 'onnxruntime',
      ...(facts.device === 'cpu' ? {} : { device: facts.device }),
      ...(facts.quantization === null ? {} : { quantization: facts.quantization }),
      // with 8 or 4 bits `quantization` says what products are of
      ...(facts.quantization === null || facts.computedIn !== 'float32' ? { computed_in: facts.computedIn } : {}),
      ...(facts.adapter === null ? {} : { adapter: facts.adapter }),
      ...(facts.file === null ? {} : { onnx: facts.file }),
      batch: typeof batchSize === 'number' ? batchSize : 'auto',
    },
  }
}

function modelReport({ truncated, tokens, selected }: RequestCounts, fromFiles: SettingOrigins): ModelReport {
  const positions = selected.counts()
  return {
    truncatedRequests: truncated,
    tokens: { ...tokens },
    provenance: {
      ...(positions.length === 0 ? {} : { selected_positions: positions }),
      ...(Object.keys(fromFiles).length === 0 ? {} : { generation_settings: { ...fromFiles } }),
    },
  }
}
