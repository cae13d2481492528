import { InputError } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import type { ModelSpec } from '../spec/model-spec.js'
import { specLinears } from '../spec/spec-linears.js'
import { specTensors } from '../spec/spec-tensors.js'
import type { Checkpoint, StoredTensor } from '../weights/checkpoint.js'
import type { StoredWeights } from '../weights/model-weights.js'
import type { AdapterConfig } from './adapter-config.js'

/** scale * left . right, row by row of the changed tensor: of a matrix [out, in] left is B and right A; where it is stored [in, out], transposed. */
export interface LowRank {
  readonly a: StoredTensor
  readonly b: StoredTensor
  readonly scale: number
  readonly isTransposed: boolean
  /** DoRA: the length that each output's weights get. */
  readonly magnitude: StoredTensor | null
}

/** What an adapter makes of one tensor: the parts in this order. */
export interface TensorChange {
  /** The name of the changed tensor in the new spec. */
  readonly name: string
  /** The name of the tensor that it is made from. */
  readonly base: string
  /** The adapter's own values instead of the model's. */
  readonly replacement: StoredTensor | null
  readonly lowRank: LowRank | null
  /** Added times `scale`: the bias of B. */
  readonly added: { readonly values: StoredTensor; readonly scale: number } | null
  /** Rows with the adapter's own values. */
  readonly rows: { readonly indices: readonly number[]; readonly values: StoredTensor } | null
}

/** The tensors that an adapter changes, and the spec that uses them. */
export interface AdapterChanges {
  /** The model's spec, but with an unembedding of its own where the adapter changes one of two tied tensors. */
  readonly spec: ModelSpec
  readonly changes: readonly TensorChange[]
  /** Weights that the adapter brings, as transformers counts them. */
  readonly numParameters: number
}

/** Name of the unembedding where it was tied and is not any more. */
export const untied = 'untied_unembedding.weight'

type Part =
  | 'lora_A'
  | 'lora_B'
  | 'lora_B_bias'
  | 'magnitude'
  | 'embedding_A'
  | 'embedding_B'
  | 'tokens'
  | 'weight'
  | 'bias'
type Parts = ReadonlyMap<Part, StoredTensor>

const suffixes: readonly (readonly [RegExp, Part])[] = [
  [/\.lora_A\.weight$/, 'lora_A'],
  [/\.lora_B\.weight$/, 'lora_B'],
  [/\.lora_B\.bias$/, 'lora_B_bias'],
  [/\.lora_magnitude_vector(\.weight)?$/, 'magnitude'],
  [/\.lora_embedding_A$/, 'embedding_A'],
  [/\.lora_embedding_B$/, 'embedding_B'],
  [/\.token_adapter\.trainable_tokens_delta$/, 'tokens'],
  [/(\.base_layer)?\.weight$/, 'weight'],
  [/(\.base_layer)?\.bias$/, 'bias'],
]

/** Sorts an adapter's tensors by what they change. Throws InputError for tensors without a place in the model, and for wrong shapes. */
export function adapterChanges(
  spec: ModelSpec,
  stored: StoredWeights,
  config: AdapterConfig,
  adapter: Checkpoint,
): AdapterChanges {
  const modules = new Map<string, Map<Part, StoredTensor>>()
  let numParameters = 0
  for (const tensor of adapter.tensors.values()) {
    const name = tensor.name.replace(/^base_model\.model\./, '').replace(/\.modules_to_save(\.default)?(?=\.)/, '')
    const [suffix, part] = suffixes.find(([expression]) => expression.test(name)) ?? []
    if (suffix === undefined || part === undefined) throw noPlace(config, tensor.name)
    const module = name.replace(suffix, '')
    const parts = modules.get(module) ?? new Map<Part, StoredTensor>()
    if (parts.has(part)) throw new InputError(`${config.file}: the adapter has the ${part} of ${module} twice`)
    modules.set(module, parts.set(part, tensor))
    // of what is not a part of its own, peft overwrites the model's weights
    if (/lora_|tokens_delta/.test(tensor.name) || config.isSaved(module)) numParameters += sizeOf(tensor)
  }
  const findPlace = places(spec, stored, config)
  const changes: TensorChange[] = []
  let isSplit = false
  for (const [module, parts] of modules) {
    const place = findPlace(module)
    if (place === 'ignored') continue
    if (place === null) throw noPlace(config, `of ${module}`)
    const own = changesOf(module, place, parts, config)
    changes.push(...own)
    if (spec.unembedding !== spec.embedding.weight) continue
    // of tied weights, peft changes only the module that is named, unless the table that both share is overwritten
    const changesModule = parts.has('embedding_A') || config.isSaved(module)
    isSplit ||= place.weight === untied || (place.weight === spec.embedding.weight && changesModule)
  }
  if (!isSplit) return { spec, changes, numParameters }
  // what overwrites the table itself, and not a copy of it, reaches the unembedding too
  const table = changes.find(({ name }) => name === spec.embedding.weight)
  const isCopy = [...modules.keys()].some((name) => config.isSaved(name) && isTable(findPlace(name), spec))
  if (table !== undefined && !changes.some(({ name }) => name === untied)) {
    const replacement = isCopy ? null : table.replacement
    if (replacement !== null || table.rows !== null)
      changes.push({ ...table, name: untied, replacement, lowRank: null, added: null })
  }
  return { spec: { ...spec, unembedding: untied }, changes, numParameters }
}

/** Where a module's tensors are in the spec. */
interface Place {
  readonly weight: string
  /** The tensor that `weight` is made from. */
  readonly base: string
  readonly bias: string | null
  readonly shape: readonly number[]
  readonly kind: 'matrix' | 'table' | 'vector'
  /** Whether a matrix is stored [in, out]. */
  readonly isTransposed: boolean
}

function isTable(place: Place | 'ignored' | null, spec: ModelSpec): boolean {
  return place !== null && place !== 'ignored' && place.weight === spec.embedding.weight
}

/** Finds modules by their names in transformers' model: the spec's, behind one of its prefixes. */
function places(spec: ModelSpec, stored: StoredWeights, config: AdapterConfig) {
  const shapes = new Map(specTensors(spec, stored.has))
  const linears = specLinears(spec)
  const prefixes = [...new Set(['', ...spec.prefixes])].sort((a, b) => b.length - a.length)
  const tables = [spec.embedding.weight, spec.embedding.positions, spec.layerInputs?.table]
  return (module: string): Place | 'ignored' | null => {
    for (const prefix of prefixes) {
      if (!module.startsWith(prefix)) continue
      const name = module.slice(prefix.length)
      // only positions that are a table have a name with .weight
      const weight = `${name}.weight`
      const shape = shapes.get(weight)
      if (shape === undefined) continue
      const bias = shapes.has(`${name}.bias`) ? `${name}.bias` : null
      const linear = linears.get(weight)
      const kind = tables.includes(weight) ? 'table' : shape.length === 2 ? 'matrix' : 'vector'
      return { weight, base: weight, bias, shape, kind, isTransposed: linear?.layout === 'in_out' }
    }
    if (/^(lm_head|embed_out)$/.test(module)) {
      const base = spec.unembedding
      const weight = base === spec.embedding.weight ? untied : base
      return { weight, base, bias: null, shape: shapes.get(base)!, kind: 'matrix', isTransposed: false }
    }
    const names = prefixes.flatMap((prefix) =>
      module.startsWith(prefix) ? [`${module.slice(prefix.length)}.weight`] : [],
    )
    if (names.some((name) => spec.ignoredTensors.some((pattern) => pattern.test(name)))) return 'ignored'
    if (/\.experts(\.base_layer)?$/.test(module))
      throw new InputError(
        `${config.file}: the adapter changes the experts of ${module} all at once, which is not supported; merge it with peft (merge_and_unload)`,
      )
    return null
  }
}

function changesOf(module: string, place: Place, parts: Parts, config: AdapterConfig): TensorChange[] {
  const changes: TensorChange[] = []
  const none = { replacement: null, lowRank: null, added: null, rows: null }
  const check = (part: Part, shape: readonly number[]): StoredTensor | null => {
    const tensor = parts.get(part)
    if (tensor === undefined) return null
    if (tensor.shape.join() === shape.join()) return tensor
    throw new InputError(
      `${config.file}: tensor ${tensor.name} has shape ${shown(tensor.shape)}, the model needs ${shown(shape)}; is it an adapter of another model${config.baseModel === null ? '' : ` (${config.baseModel})`}?`,
    )
  }
  const [rows = 0, columns = 0] = place.shape
  const outputs = place.kind === 'vector' ? rows : place.isTransposed ? columns : rows
  const replacement = check('weight', place.shape)
  const lowRank = lowRankOf(module, place, parts, config, check)
  const tokens = config.tokens
  const values = check('tokens', [tokens?.length ?? 0, columns])
  if (values !== null && tokens!.some((id) => id >= rows))
    throw new InputError(`${config.file}: trainable_token_indices names a token beyond the vocabulary of ${rows}`)
  const rowChange = values === null ? null : { indices: tokens!, values }
  if (replacement !== null || lowRank !== null || rowChange !== null)
    changes.push({ ...none, name: place.weight, base: place.base, replacement, lowRank, rows: rowChange })
  const ownBias = check('bias', [outputs])
  const shift = check('lora_B_bias', [outputs])
  if (ownBias === null && shift === null) return changes
  if (place.bias === null)
    throw new InputError(
      `${config.file}: the adapter has a bias for ${module}, which has none in this model; merge it with peft`,
    )
  const added = shift === null ? null : { values: shift, scale: config.scale(module) }
  return [...changes, { ...none, name: place.bias, base: place.bias, replacement: ownBias, added }]
}

function lowRankOf(
  module: string,
  { kind, shape, isTransposed }: Place,
  parts: Parts,
  config: AdapterConfig,
  check: (part: Part, shape: readonly number[]) => StoredTensor | null,
): LowRank | null {
  const scale = config.scale(module)
  const r = config.rank(module)
  const [rows = 0, columns = 0] = shape
  const isTable = parts.has('embedding_A') || parts.has('embedding_B')
  if (!isTable && !parts.has('lora_A') && !parts.has('lora_B') && !parts.has('magnitude')) return null
  if (kind === 'vector' || isTable !== (kind === 'table'))
    throw new InputError(`${config.file}: the adapter's tensors of ${module} do not fit what it is in this model`)
  const [inputs, outputs] = isTable || isTransposed ? [rows, columns] : [columns, rows]
  const a = check(isTable ? 'embedding_A' : 'lora_A', [r, inputs])
  const b = check(isTable ? 'embedding_B' : 'lora_B', [outputs, r])
  const magnitude = check('magnitude', [outputs])
  if (a === null || b === null)
    throw new InputError(`${config.file}: the adapter lacks A or B of ${module}; download it again`)
  if (magnitude !== null && isTable)
    throw new InputError(
      `${config.file}: DoRA of the embedding ${module} is not supported; merge it with peft (merge_and_unload)`,
    )
  return { a, b, scale, isTransposed: isTable || isTransposed, magnitude }
}

function sizeOf({ shape }: StoredTensor): number {
  return shape.reduce((product, size) => product * size, 1)
}

function noPlace({ file, baseModel }: AdapterConfig, name: string): InputError {
  const made = baseModel === null ? '' : `; it was trained on ${baseModel}`
  return new InputError(`${file}: the adapter's tensor ${name} has no place in this model${made}`)
}
