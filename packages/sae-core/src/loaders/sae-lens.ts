import { InputError } from '@saeval/hub'
import { isCentredByWriting, parseHookPoint } from '../hook-point.js'
import type { RuntimeNormalization } from '../intervention.js'
import { type Architecture, plainConfig } from '../sae-config.js'
import type { Loader } from './loader.js'
import { openSafetensors, readAll, type TensorFile } from './tensor-file.js'

type Fields = Readonly<Record<string, unknown>>

/** SAELens' native format: cfg.json beside sae_weights.safetensors, of any version. */
export const loadSaeLens: Loader = async (reference, place) => {
  const at = (file: string) => (reference.path === '' ? file : `${reference.path}/${file}`)
  const file = `${place.name}/${at('cfg.json')}`
  const fields = modernFields({
    ...parseFields(file, await place.text(at('cfg.json'))),
    ...flatten(reference.overrides),
  })
  const read = fieldReader(file, fields)

  const architecture = read.oneOf('architecture', ['standard', 'jumprelu'] as const, 'standard')
  const hookPoint = parseHookPoint(read.string('hook_name'))
  const out = fields.hook_name_out
  if (typeof out === 'string' && out !== hookPoint.name)
    throw new InputError(`${file}: transcoders (hook_name_out ${out}) are not supported yet`)
  if (fields.hook_head_index != null)
    throw new InputError(`${file}: SAEs of a single head (hook_head_index) are not supported yet`)
  const normalization = runtimeNormalization(read.oneOf('normalize_activations', normalizations, 'none'))
  // SAELens folds the factor only where the training asked for it
  const factor = fields.normalize_activations === 'expected_average_only_in' ? (reference.normScalingFactor ?? 1) : 1
  const kwargs = fields.model_from_pretrained_kwargs as Fields | null | undefined

  const weights = place.weights(at('sae_weights.safetensors'), openSafetensors)
  const stored = await weights.parts()
  await checkTensors(stored, architecture)
  const [dIn, dSae] = checkShapes(stored, file, fields)
  const config = plainConfig({
    architecture,
    dIn,
    dSae,
    hookPoint: hookPoint.name,
    modelName: typeof fields.model_name === 'string' ? fields.model_name : reference.model,
    applyBDecToInput: read.boolean('apply_b_dec_to_input', true),
    normalization,
    centreInput: kwargs?.center_writing_weights === true && isCentredByWriting(hookPoint),
    reshapeHookZ: read.oneOf('reshape_activations', ['none', 'hook_z'] as const, 'none') === 'hook_z',
    foldedFactor: factor,
  })
  return {
    config,
    weights,
    names: {
      wEnc: 'W_enc',
      wDec: 'W_dec',
      bEnc: 'b_enc',
      bDec: 'b_dec',
      threshold: architecture === 'jumprelu' ? 'threshold' : null,
    },
    factors: { wEnc: factor, wDec: 1 / factor, bDec: 1 / factor },
  }
}

const normalizations = ['none', 'layer_norm', 'constant_norm_rescale', 'expected_average_only_in'] as const

function runtimeNormalization(name: (typeof normalizations)[number]): RuntimeNormalization {
  // folded into the weights at load, or never applied: identity at run time either way
  return name === 'expected_average_only_in' ? 'none' : name
}

function parseFields(file: string, text: string): Fields {
  let fields: unknown
  try {
    fields = JSON.parse(text)
  } catch (cause) {
    throw new InputError(`${file} is not valid JSON; download it again`, { cause })
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw new InputError(`${file} is not a JSON object`)
  return flatten(fields as Fields)
}

/** Version 6 keeps the facts about the language model under `metadata`. */
function flatten(fields: Fields): Fields {
  const { metadata, ...rest } = fields
  return { ...(typeof metadata === 'object' && metadata !== null ? metadata : {}), ...rest }
}

/** Names and values of files written before version 6, as SAELens converts them. */
function modernFields(fields: Fields): Fields {
  const result: Record<string, unknown> = { ...fields }
  const rename = (old: string, name: string) => {
    if (result[name] === undefined && result[old] !== undefined) result[name] = result[old]
  }
  rename('hook_point', 'hook_name')
  rename('hook_point_head_index', 'hook_head_index')
  rename('activation_fn_str', 'activation_fn')
  const kwargs = result.activation_fn_kwargs as Fields | undefined
  if (result.activation_fn === 'topk' && kwargs?.k !== undefined) result.architecture = 'topk'
  if (result.normalize_activations === false || result.normalize_activations === null)
    result.normalize_activations = 'none'
  if (result.normalize_activations === true) result.normalize_activations = 'expected_average_only_in'
  const isOld = typeof result.sae_lens_version !== 'string' || Number.parseInt(result.sae_lens_version, 10) < 6
  if (isOld && result.reshape_activations === undefined && String(result.hook_name).includes('hook_z'))
    result.reshape_activations = 'hook_z'
  return result
}

function fieldReader(file: string, fields: Fields) {
  const wrong = (name: string, expected: string) =>
    new InputError(`${file}: ${name} is ${JSON.stringify(fields[name]) ?? 'missing'}, expected ${expected}`)
  return {
    string: (name: string): string => {
      const value = fields[name]
      if (typeof value !== 'string') throw wrong(name, 'a text')
      return value
    },
    boolean: (name: string, fallback: boolean): boolean => {
      const value = fields[name] ?? fallback
      if (typeof value !== 'boolean') throw wrong(name, 'true or false')
      return value
    },
    oneOf: <Value extends string>(name: string, values: readonly Value[], fallback: Value): Value => {
      const value = fields[name] ?? fallback
      const found = values.find((item) => item === value)
      if (found === undefined) throw wrong(name, `${values.join(', ')} (others are not supported yet)`)
      return found
    },
  }
}

/** SAELens loads strictly: every tensor must be known, none may be missing. */
async function checkTensors(stored: TensorFile, architecture: Architecture): Promise<void> {
  const expected = ['W_enc', 'W_dec', 'b_enc', 'b_dec', ...(architecture === 'jumprelu' ? ['threshold'] : [])]
  for (const name of expected) {
    if (!stored.tensors.has(name))
      throw new InputError(`${stored.name} has no tensor ${name}, which a ${architecture} SAE needs`)
  }
  for (const [name, tensor] of stored.tensors) {
    if (expected.includes(name)) continue
    // old files carry a scaling factor that was never trained; all ones change nothing
    if (name === 'scaling_factor' && (await readAll(tensor)).every((value) => value === 1)) continue
    throw new InputError(`${stored.name} has the tensor ${name}, which a ${architecture} SAE has no place for`)
  }
}

function checkShapes(stored: TensorFile, file: string, fields: Fields): [dIn: number, dSae: number] {
  const [dIn = 0, dSae = 0] = stored.tensors.get('W_enc')!.shape
  for (const [name, size] of [
    ['d_in', dIn],
    ['d_sae', dSae],
  ] as const) {
    if (fields[name] !== undefined && fields[name] !== null && fields[name] !== size) {
      throw new InputError(`${file}: ${name} is ${fields[name]}, but W_enc of ${stored.name} has ${size}`)
    }
  }
  return [dIn, dSae]
}
