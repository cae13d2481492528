import { createHash } from 'node:crypto'
import { InputError } from '@saeval/hub'
import { checked, index, number, objectOf, oneOf, refuseUnknownNames, text, truth } from '@saeval/hub/checks'
import * as v from 'valibot'
import { located } from '../edits/place-in-file.js'
import { layerModule } from './layer-place.js'
import { finite } from './one-vector.js'
import { addition, type SteeredEntry, type SteeredFile } from './steered-entry.js'
import { decodeNumbers } from './stored-numbers.js'

const tensor = objectOf({
  data: text,
  dtype: oneOf(['float32', 'float16', 'float64', 'int16']),
  original_dtype: v.nullish(text),
  shape: v.array(index, 'a list of sizes'),
  compression: v.nullish(oneOf(['zstd'])),
})

const fields = {
  activations: tensor,
  layer_indices: v.array(index, 'a list of layers'),
  scale: v.optional(number, 1),
  norm_match: v.optional(truth, false),
  position_indices: v.nullish(v.array(index, 'a list of positions from 0'), null),
}
const schema = objectOf(fields)

/** Whether the content of a JSON file is a SteeringVector of vllm-lens, or a list of them. */
export function isLensFile(value: unknown): boolean {
  const [first] = Array.isArray(value) ? value : [value]
  return typeof first === 'object' && first !== null && 'activations' in first
}

/**
 * Reads what vllm-lens' SteeringVector.model_dump gives (github.com/UKGovernmentBEIS/vllm-lens, _helpers/types.py), one or a list: scale times a vector
 * is added to the output of each layer, counted from 0; with norm_match h + scale |h| v / (|v| + 1e-6). Activations [layers, positions, d] act each at
 * one position of the text.
 */
export function readLensVectors(path: string, bytes: Uint8Array, content: unknown): SteeredFile {
  const list: readonly unknown[] = Array.isArray(content) ? content : [content]
  if (list.length === 0) throw new InputError(`${path} holds no vector`)
  const entries = list.flatMap((given, number) => entriesOf(path, list.length === 1 ? '' : `[${number}]`, given))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { path, sha256, entries, ignored: [], notices: [], modelType: null }
}

function entriesOf(path: string, at: string, given: unknown): SteeredEntry[] {
  const read = checked(`${path}${at}`, schema, given)
  refuseUnknownNames(`${path}${at}: there is no field`, given as object, Object.keys(fields))
  const { activations, layer_indices: layers, scale, norm_match: matched, position_indices: at3 } = read
  const place = { path, ...(at === '' ? {} : { entry: at }) }
  const wrong = (message: string) => located(place, null, message)
  const { shape, dtype, original_dtype: original, data, compression } = activations
  const isBfloat = original === 'torch.bfloat16'
  if (isBfloat !== (dtype === 'int16'))
    throw wrong(`activations are stored as ${dtype} and were ${original ?? 'of an unknown type'}, which do not fit`)
  const kinds = { float32: 'F32', float16: 'F16', float64: 'F64', int16: 'BF16' } as const
  if (shape.length !== 2 && shape.length !== 3)
    throw wrong(`activations have shape [${shape}], expected [layers, d] or [layers, positions, d]`)
  if (shape[0] !== layers.length) throw wrong(`activations have ${shape[0]} layers and layer_indices ${layers.length}`)
  if (new Set(layers).size !== layers.length) throw wrong('layer_indices names a layer twice')
  const stored = { data, shape, dtype: kinds[dtype], compressed: compression === 'zstd' }
  const { values } = decodeNumbers('activations', stored, wrong)
  const d = shape.at(-1)!
  const perLayer = shape.length === 2 ? null : shape[1]!
  if (perLayer === null && at3 !== null)
    throw wrong('position_indices has no meaning for activations of two axes, which act everywhere')
  if (perLayer !== null && at3 !== null && at3.length !== perLayer)
    throw wrong(`activations have ${perLayer} positions and position_indices ${at3.length}`)
  return layers.flatMap((layer, row) =>
    Array.from({ length: perLayer ?? 1 }, (_, column): SteeredEntry => {
      const start = (row * (perLayer ?? 1) + column) * d
      const position = perLayer === null ? null : (at3?.[column] ?? column)
      const hookpoint = layerModule(layer)
      const where = `layer ${layer}${position === null ? '' : `, position ${position}`}`
      const vector = finite(`activations of ${where}`, values.slice(start, start + d), wrong)
      const entry = addition({ path, entry: `${at === '' ? '' : `${at}, `}${where}` }, hookpoint, vector, scale)
      return {
        ...entry,
        change: { action: matched ? 'add_matched' : 'add', vector, coefficient: scale },
        positions: position === null ? null : { include: [{ at: position }], exclude: [] },
        record: { ...entry.record, action: matched ? 'add_matched' : 'add' },
      }
    }),
  )
}
