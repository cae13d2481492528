import { InputError } from '@saeval/hub'
import { isCentredByWriting, parseHookPoint } from '../hook-point.js'
import { type Architecture, activationOf, type MissingFactor, plainConfig, type SaeConfig } from '../sae-config.js'
import { openSafetensors } from '../tensors/safetensors-file.js'
import { transposed } from '../tensors/tensor-place.js'
import { type Fields, jsonFields } from './fields.js'
import { foldFactor } from './fold-factor.js'
import type { Loader, SaeArrays } from './loader.js'
import { inFolder } from './paths.js'
import { stored } from './sae-array.js'
import { modernFields } from './sae-lens-fields.js'
import type { SaePlace } from './sae-place.js'
import { StoredTensors } from './stored-tensors.js'
import { attentionLayers, temporalConfig } from './temporal.js'

/** What a cfg.json of SAELens can name; batch-top-k SAEs are saved as jumprelu. */
const architectures = [
  'standard',
  'gated',
  'jumprelu',
  'topk',
  'transcoder',
  'jumprelu_transcoder',
  'skip_transcoder',
  'jumprelu_skip_transcoder',
  'temporal',
  'matching_pursuit',
] as const satisfies readonly Architecture[]

/** SAELens' native format: cfg.json beside sae_weights.safetensors, of any version. */
export const loadSaeLens: Loader = async (reference, place) => {
  const configPath = inFolder(reference.path, 'cfg.json')
  const file = `${place.name}/${configPath}`
  const fields = modernFields(jsonFields(file, await place.text(configPath)), reference.overrides)

  const architecture = fields.oneOf('architecture', architectures, 'standard')
  const hookPoint = parseHookPoint(fields.string('hook_name'))
  if (fields.values.hook_head_index != null)
    throw new InputError(`${file}: SAEs of a single head (hook_head_index) are not supported`)
  const isTranscoder = architecture.endsWith('transcoder')
  const hookPointOut = outputHookPoint(fields, hookPoint.name, isTranscoder)
  const applyBDecToInput = fields.boolean('apply_b_dec_to_input', !isTranscoder)
  if (isTranscoder && applyBDecToInput)
    throw new InputError(`${file}: apply_b_dec_to_input cannot be true for a ${architecture}`)

  const source = await place.open(inFolder(reference.path, 'sae_weights.safetensors'))
  const tensors = new StoredTensors(await openSafetensors(source), `a ${architecture} SAE`)
  const arrays = await readArrays(tensors, architecture, fields)
  const [dIn = 0, dSae = 0] = arrays.wEnc.shape
  const dOut = arrays.wDec.shape[1] ?? 0
  checkSizes(fields, { d_in: dIn, d_sae: dSae, ...(isTranscoder ? { d_out: dOut } : {}) })

  const normalization = fields.oneOf('normalize_activations', normalizations, 'none')
  // SAELens folds the factor only where the training asked for it
  const asked = normalization === 'expected_average_only_in'
  const factor = asked ? (reference.normScalingFactor ?? (await trainedFactor(place, reference.path))) : 1
  const kwargs = fields.values.model_from_pretrained_kwargs as { center_writing_weights?: unknown } | null | undefined
  const config = plainConfig({
    architecture,
    dIn,
    dOut,
    dSae,
    hookPoint: hookPoint.name,
    hookPointOut,
    hfHookPoint: textOrNull(fields.values.hf_hook_name),
    hfHookPointOut: textOrNull(fields.values.hf_hook_name_out),
    modelName: textOrNull(fields.values.model_name) ?? reference.model,
    applyBDecToInput,
    ...runtimeNormalization(normalization, fields),
    centreInput: kwargs?.center_writing_weights === true && isCentredByWriting(hookPoint),
    reshapeHookZ: fields.oneOf('reshape_activations', ['none', 'hook_z'] as const, 'none') === 'hook_z',
    foldedFactor: factor ?? 1,
    missingFactor: factor === null ? missingFactor(fields) : null,
    skipConnection: architecture.includes('skip'),
    ...architectureConfig(architecture, fields, dSae),
  })
  return { config, arrays: foldFactor(arrays, config.foldedFactor) }
}

/** The factor that SAELens' training keeps beside a checkpoint whose weights it is not folded into; null where there is none. */
async function trainedFactor(place: SaePlace, path: string): Promise<number | null> {
  const scalerPath = inFolder(path, 'activation_scaler.json')
  const text = await place.textIfPresent(scalerPath)
  if (text === null) return null
  const fields = jsonFields(`${place.name}/${scalerPath}`, text)
  if (fields.values.scaling_factor == null) return null
  const factor = fields.number('scaling_factor')
  if (factor > 0) return factor
  throw new InputError(`${fields.file}: scaling_factor is ${factor}, expected a number above 0`)
}

/** SAELens' defaults of what a context is. */
function missingFactor(fields: Fields): MissingFactor {
  const { context_size: size, prepend_bos: bos } = fields.values
  return {
    file: fields.file,
    field: 'normalize_activations',
    contextSize: size == null ? 128 : fields.count('context_size'),
    prependBos: bos == null ? true : fields.boolean('prepend_bos', true),
  }
}

function outputHookPoint(fields: Fields, input: string, isTranscoder: boolean): string {
  const named = textOrNull(fields.values.hook_name_out)
  if (isTranscoder) return parseHookPoint(named ?? fields.string('hook_name_out')).name
  if (named !== null && named !== input)
    throw new InputError(`${fields.file}: hook_name_out is ${named}, but only transcoders write where they do not read`)
  return input
}

/** SAELens loads strictly: every tensor must be known, none may be missing. */
async function readArrays(tensors: StoredTensors, architecture: Architecture, fields: Fields): Promise<SaeArrays> {
  const activation = activationOf({ architecture })
  const arrays: SaeArrays = {
    wDec: tensors.array('W_dec'),
    // matching pursuit has one matrix for both directions
    wEnc: activation === 'matching_pursuit' ? stored(transposed(tensors.place('W_dec'))) : tensors.array('W_enc'),
    bDec: tensors.array('b_dec'),
    ...(['relu', 'jumprelu', 'topk'].includes(activation) ? { bEnc: tensors.array('b_enc') } : {}),
    ...(activation === 'jumprelu' ? { threshold: tensors.array('threshold') } : {}),
    ...(activation === 'gated'
      ? { gate: { bGate: tensors.array('b_gate'), bMag: tensors.array('b_mag'), rMag: tensors.array('r_mag') } }
      : {}),
    ...(activation === 'temporal' ? { attention: attentionLayers(tensors, fields.count('n_attn_layers', 1)) } : {}),
    ...(architecture.includes('skip') ? { wSkip: tensors.array('W_skip') } : {}),
  }
  // old files carry a scaling factor that was never trained; all ones (as torch.allclose sees them) change nothing
  if (tensors.has('scaling_factor')) {
    const factors = await tensors.array('scaling_factor').all()
    if (!factors.every((value) => Math.abs(value - 1) <= 1e-8 + 1e-5))
      throw new InputError(
        `${fields.file}: the SAE was fine-tuned with a scaling factor, which SAELens cannot load either`,
      )
  }
  tensors.refuseOthers()
  return arrays
}

const normalizations = [
  'none',
  'layer_norm',
  'constant_norm_rescale',
  'constant_scalar_rescale',
  'expected_average_only_in',
] as const

function runtimeNormalization(
  name: (typeof normalizations)[number],
  fields: Fields,
): Pick<SaeConfig, 'normalization' | 'inputScale'> {
  switch (name) {
    case 'constant_scalar_rescale':
      return { normalization: 'none', inputScale: fields.number('activation_normalization_factor') }
    case 'expected_average_only_in':
      // folded into the weights at load, or missing: identity at run time either way
      return { normalization: 'none', inputScale: 1 }
    default:
      return { normalization: name, inputScale: 1 }
  }
}

/** Fields that only some architectures have, with SAELens' defaults. */
function architectureConfig(architecture: Architecture, fields: Fields, dSae: number): Partial<SaeConfig> {
  switch (architecture) {
    case 'topk':
      return {
        k: fields.count('k', 100),
        rescaleActsByDecoderNorm: fields.boolean('rescale_acts_by_decoder_norm', false),
      }
    case 'matching_pursuit':
      return {
        matchingPursuit: {
          residualThreshold: fields.values.residual_threshold == null ? 1e-2 : fields.number('residual_threshold'),
          maxIterations: fields.values.max_iterations == null ? null : fields.count('max_iterations'),
          stopOnDuplicateSupport: fields.boolean('stop_on_duplicate_support', true),
        },
      }
    case 'temporal': {
      const diffType = fields.oneOf('sae_diff_type', ['relu', 'topk'] as const, 'topk')
      return {
        temporal: temporalConfig(fields.file, dSae, {
          nHeads: fields.count('n_heads', 8),
          bottleneckFactor: fields.count('bottleneck_factor', 64),
          diffType,
          kvalTopk: diffType === 'topk' && fields.values.kval_topk != null ? fields.count('kval_topk') : null,
          tiedWeights: fields.boolean('tied_weights', true),
        }),
      }
    }
    default:
      return {}
  }
}

function checkSizes(fields: Fields, sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (fields.values[name] != null && fields.values[name] !== size)
      throw new InputError(`${fields.file}: ${name} is ${fields.values[name]}, but the weights have ${size}`)
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
