import { InputError } from '@saeval/hub'
import { checked, count, number, object, objectOf, oneOf, positive, shown, text, truth } from '@saeval/hub/checks'
import * as v from 'valibot'
import { type HookPoint, isCentredByWriting, parseHookPoint, unfolded } from '../hook-point.js'
import {
  type Architecture,
  activationOf,
  architectures,
  type MissingFactor,
  plainConfig,
  type SaeConfig,
} from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { readConfig, readConfigIfPresent } from './config-file.js'
import { foldFactor } from './fold-factor.js'
import type { Loader, SaeArrays } from './loader.js'
import { moduleHookPoints } from './module-hook-points.js'
import { inFolder } from './paths.js'
import { modernFields } from './sae-lens-fields.js'
import type { SaePlace } from './sae-place.js'
import { StoredTensors } from './stored-tensors.js'
import { attentionLayers, temporalConfig } from './temporal.js'

/** What a cfg.json of SAELens can name; batch-top-k SAEs are saved as jumprelu. */
const ofSaeLens = architectures.filter((name) => name !== 'groupmax')

/** A text, or nothing where the file has something else: it is only told. */
const told = v.fallback(v.nullish(text, null), null)

const schema = objectOf({
  architecture: v.nullish(oneOf(ofSaeLens), 'standard'),
  hook_name: text,
  hook_head_index: v.optional(v.unknown()),
  model_class_name: told,
  hf_hook_name: told,
  hf_hook_name_out: told,
  model_name: told,
  apply_b_dec_to_input: v.nullish(truth),
  reshape_activations: v.nullish(oneOf(['none', 'hook_z']), 'none'),
  normalize_activations: v.nullish(
    oneOf(['none', 'layer_norm', 'constant_norm_rescale', 'constant_scalar_rescale', 'expected_average_only_in']),
    'none',
  ),
  n_attn_layers: v.nullish(count, 1),
  model_from_pretrained_kwargs: v.fallback(v.nullish(object), null),
})

const transcoderSchema = objectOf({ hook_name_out: text })
const rescaledSchema = objectOf({ activation_normalization_factor: number })

// what only some architectures have, with SAELens' defaults
const topkSchema = objectOf({ k: v.nullish(count, 100), rescale_acts_by_decoder_norm: v.nullish(truth, false) })
const matchingPursuitSchema = objectOf({
  residual_threshold: v.nullish(number, 1e-2),
  max_iterations: v.nullish(count, null),
  stop_on_duplicate_support: v.nullish(truth, true),
})
const temporalSchema = objectOf({
  n_heads: v.nullish(count, 8),
  bottleneck_factor: v.nullish(count, 64),
  sae_diff_type: v.nullish(oneOf(['relu', 'topk']), 'topk'),
  kval_topk: v.nullish(count, null),
  tied_weights: v.nullish(truth, true),
})

type Values = Readonly<Record<string, unknown>>

/** SAELens' native format: cfg.json beside sae_weights.safetensors, of any version. */
export const loadSaeLens: Loader = async (reference, place) => {
  const { file, fields: written } = await readConfig(place, inFolder(reference.path, 'cfg.json'), object)
  const values = modernFields(file, written, reference.overrides)
  const fields = checked(file, schema, values)
  const { architecture } = fields
  const modelName = fields.model_name ?? reference.model
  const isOfModules = fields.model_class_name === 'AutoModelForCausalLM'
  const { center_writing_weights: isCentred, fold_ln: isFolded } = fields.model_from_pretrained_kwargs ?? {}
  const pointOf = (name: string): HookPoint => {
    // such a model's hooks are at the outputs of its modules
    if (isOfModules && !/^(blocks\.|hook_)/.test(name))
      return parseHookPoint(moduleHookPoints(name, 'output', modelName).output)
    return parseHookPoint(isFolded === true ? name : unfolded(name, modelName))
  }
  const hookPoint = pointOf(fields.hook_name)
  if (fields.hook_head_index != null)
    throw new InputError(`${file}: SAEs of a single head (hook_head_index) are not supported`)
  const isTranscoder = architecture.endsWith('transcoder')
  const hookPointOut = outputHookPoint(file, values, hookPoint.name, isTranscoder, pointOf)
  const applyBDecToInput = fields.apply_b_dec_to_input ?? !isTranscoder
  if (isTranscoder && applyBDecToInput)
    throw new InputError(`${file}: apply_b_dec_to_input cannot be true for a ${architecture}`)

  const source = await place.open(inFolder(reference.path, 'sae_weights.safetensors'))
  const tensors = new StoredTensors(await openSafetensors(source), `a ${architecture} SAE`)
  const arrays = await readArrays(tensors, architecture, file, fields.n_attn_layers)
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const dOut = arrays.wDec.shape[1] ?? 0
  checkSizes(file, values, { d_in: dIn, d_sae: dSae, ...(isTranscoder ? { d_out: dOut } : {}) })

  // SAELens folds the factor only where the training asked for it
  const asked = fields.normalize_activations === 'expected_average_only_in'
  const factor = asked ? (reference.normScalingFactor ?? (await trainedFactor(place, reference.path))) : 1
  const config = plainConfig({
    architecture,
    dIn,
    dOut,
    dSae,
    hookPoint: hookPoint.name,
    hookPointOut,
    hfHookPoint: fields.hf_hook_name ?? (isOfModules ? `${fields.hook_name}.output` : null),
    hfHookPointOut: fields.hf_hook_name_out,
    modelName,
    applyBDecToInput,
    ...runtimeNormalization(file, values, fields.normalize_activations),
    centreInput: isCentred === true && isCentredByWriting(hookPoint),
    reshapeHookZ: fields.reshape_activations === 'hook_z',
    foldedFactor: factor ?? 1,
    missingFactor: factor === null ? missingFactor(file, values) : null,
    skipConnection: architecture.includes('skip'),
    ...architectureConfig(file, values, architecture, dSae),
  })
  return { config, arrays: foldFactor(arrays, config.foldedFactor) }
}

/** The factor that SAELens' training keeps beside a checkpoint whose weights it is not folded into; null where there is none. */
async function trainedFactor(place: SaePlace, path: string): Promise<number | null> {
  const schema = objectOf({ scaling_factor: v.nullish(positive, null) })
  const config = await readConfigIfPresent(place, inFolder(path, 'activation_scaler.json'), schema)
  return config?.fields.scaling_factor ?? null
}

/** SAELens' defaults of what a context is. */
function missingFactor(file: string, values: Values): MissingFactor {
  const context = objectOf({ context_size: v.nullish(count, 128), prepend_bos: v.nullish(truth, true) })
  const { context_size: contextSize, prepend_bos: prependBos } = checked(file, context, values)
  return { file, field: 'normalize_activations', contextSize, prependBos }
}

function outputHookPoint(
  file: string,
  values: Values,
  input: string,
  isTranscoder: boolean,
  pointOf: (name: string) => HookPoint,
): string {
  if (isTranscoder) return pointOf(checked(file, transcoderSchema, values).hook_name_out).name
  const { hook_name_out: named, hook_name: own } = values
  if (typeof named === 'string' && named !== own)
    throw new InputError(`${file}: hook_name_out is ${named}, but only transcoders write where they do not read`)
  return input
}

/** SAELens loads strictly: every tensor must be known, none may be missing. */
async function readArrays(
  tensors: StoredTensors,
  architecture: Architecture,
  file: string,
  nAttentionLayers: number,
): Promise<SaeArrays> {
  const activation = activationOf({ architecture })
  const arrays: SaeArrays = {
    wDec: tensors.array('W_dec'),
    // matching pursuit has one matrix for both directions
    wEnc: activation === 'matching_pursuit' ? tensors.transposed('W_dec') : tensors.array('W_enc'),
    bDec: tensors.array('b_dec'),
    ...(['relu', 'jumprelu', 'topk'].includes(activation) ? { bEnc: tensors.array('b_enc') } : {}),
    ...(activation === 'jumprelu' ? { threshold: tensors.array('threshold') } : {}),
    ...(activation === 'gated'
      ? { gate: { bGate: tensors.array('b_gate'), bMag: tensors.array('b_mag'), rMag: tensors.array('r_mag') } }
      : {}),
    ...(activation === 'temporal' ? { attention: attentionLayers(tensors, nAttentionLayers) } : {}),
    ...(architecture.includes('skip') ? { wSkip: tensors.array('W_skip') } : {}),
  }
  // old files carry a scaling factor that was never trained; all ones (as torch.allclose sees them) change nothing
  if (tensors.has('scaling_factor')) {
    const factors = await tensors.array('scaling_factor').all()
    if (!factors.every((value) => Math.abs(value - 1) <= 1e-8 + 1e-5))
      throw new InputError(`${file}: the SAE was fine-tuned with a scaling factor, which SAELens cannot load either`)
  }
  tensors.refuseOthers()
  return arrays
}

function runtimeNormalization(
  file: string,
  values: Values,
  name: v.InferOutput<typeof schema>['normalize_activations'],
): Pick<SaeConfig, 'normalization' | 'inputScale'> {
  switch (name) {
    case 'constant_scalar_rescale':
      return {
        normalization: 'none',
        inputScale: checked(file, rescaledSchema, values).activation_normalization_factor,
      }
    case 'expected_average_only_in':
      // folded into the weights at load, or missing: identity at run time either way
      return { normalization: 'none', inputScale: 1 }
    default:
      return { normalization: name, inputScale: 1 }
  }
}

function architectureConfig(
  file: string,
  values: Values,
  architecture: Architecture,
  dSae: number,
): Partial<SaeConfig> {
  switch (architecture) {
    case 'topk': {
      const fields = checked(file, topkSchema, values)
      return { k: fields.k, rescaleActsByDecoderNorm: fields.rescale_acts_by_decoder_norm }
    }
    case 'matching_pursuit': {
      const fields = checked(file, matchingPursuitSchema, values)
      return {
        matchingPursuit: {
          residualThreshold: fields.residual_threshold,
          maxIterations: fields.max_iterations,
          stopOnDuplicateSupport: fields.stop_on_duplicate_support,
        },
      }
    }
    case 'temporal': {
      const fields = checked(file, temporalSchema, values)
      return {
        temporal: temporalConfig(file, dSae, {
          nHeads: fields.n_heads,
          bottleneckFactor: fields.bottleneck_factor,
          diffType: fields.sae_diff_type,
          kvalTopk: fields.sae_diff_type === 'topk' ? fields.kval_topk : null,
          tiedWeights: fields.tied_weights,
        }),
      }
    }
    default:
      return {}
  }
}

function checkSizes(file: string, values: Values, sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (values[name] != null && values[name] !== size)
      throw new InputError(`${file}: ${name} is ${shown(values[name])}, but the weights have ${size}`)
  }
}
