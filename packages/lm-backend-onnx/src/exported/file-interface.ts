import { InputError } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import { type FileModel, type FileValue, filePrefix } from '../onnx/decode-model.js'
import { elementType } from '../onnx/encode-model.js'
import { oldestOpset } from '../onnx/older-nodes.js'

/** Keys or values of a layer: the input with those of the tokens before, and the output with those of all. */
export interface FileCache {
  readonly layer: number
  readonly kind: 'k' | 'v'
  readonly past: string
  readonly present: string
  /** TensorProto.DataType of both. */
  readonly type: number
}

/** What a file's graph takes and gives, by the names that optimum, transformers.js and onnxruntime-genai use. */
export interface FileInterface {
  readonly tokens: string
  /** null for none. */
  readonly mask: string | null
  readonly positions: string | null
  /** Chooses between a branch with and one without past keys and values. */
  readonly branch: string | null
  /** How many tokens get logits; 0 for all. */
  readonly keeps: string | null
  readonly types: ReadonlyMap<string, number>
  readonly logits: string
  /** In order of layers, keys first; empty for a graph that keeps none. */
  readonly caches: readonly FileCache[]
  readonly nKvHeads: number
  readonly dHead: number
}

const tokenNames = ['input_ids']
const keepsNames = ['num_logits_to_keep', 'logits_to_keep']
const pastName = /^past_key_values\.(\d+)\.(key|value)$/

/** Reads what the graph takes and gives. Throws InputError for graphs that are no decoder by tokens, with what they are where it shows. */
export function fileInterface(name: string, { inputs, outputs, opset }: FileModel): FileInterface {
  const plain = ({ name }: FileValue) => name.slice(filePrefix.length)
  const names = inputs.map(plain)
  if (opset < oldestOpset)
    throw new InputError(
      `${name} is written for version ${opset} of ONNX' operators, and saeval reads ${oldestOpset} and later; export it again`,
    )
  if (names.some((input) => /^encoder_|\.(encoder|decoder)\./.test(input)))
    throw new InputError(
      `${name} is a part of an encoder-decoder model (it takes ${names.find((input) => /encoder/.test(input)) ?? names.join(', ')}); saeval runs decoders alone`,
    )
  const given = (wanted: readonly string[]) => inputs.find((input) => wanted.includes(plain(input)))?.name ?? null
  const tokens = given(tokenNames)
  if (tokens === null)
    throw new InputError(
      `${name} does not take input_ids but ${names.join(', ') || 'nothing'}; give the export of a decoder that reads tokens`,
    )
  const logits = outputs.find((output) => plain(output) === 'logits')?.name
  if (logits === undefined)
    throw new InputError(
      `${name} gives no logits but ${outputs.map(plain).join(', ')}; export the model with its language-modelling head (a task of optimum: text-generation-with-past)`,
    )
  const caches = inputs
    .flatMap((input): (FileCache & { readonly dims: FileValue['dims'] })[] => {
      const found = pastName.exec(plain(input))
      if (found === null) return []
      const present = `${filePrefix}present.${found[1]}.${found[2]}`
      if (!outputs.some((output) => output.name === present))
        throw new InputError(
          `${name} takes ${plain(input)} and does not give ${present.slice(filePrefix.length)}; export it again`,
        )
      const kind = found[2] === 'key' ? 'k' : 'v'
      return [{ layer: Number(found[1]), kind, past: input.name, present, type: input.type, dims: input.dims }]
    })
    .sort((a, b) => a.layer - b.layer || (a.kind < b.kind ? -1 : 1))
  const known = new Set([
    ...caches.map(({ past }) => past),
    ...['attention_mask', 'position_ids', 'use_cache_branch', ...tokenNames, ...keepsNames].map(
      (own) => filePrefix + own,
    ),
  ])
  const foreign = inputs.find((input) => !known.has(input.name))
  if (foreign !== undefined)
    throw new InputError(
      `${name} takes ${shown(plain(foreign))}, which saeval does not know; it gives input_ids, attention_mask, position_ids, past_key_values.N.key and .value, use_cache_branch and num_logits_to_keep`,
    )
  const [nKvHeads, dHead] = cacheSizes(name, caches)
  return {
    tokens,
    mask: given(['attention_mask']),
    positions: given(['position_ids']),
    branch: given(['use_cache_branch']),
    keeps: given(keepsNames),
    types: new Map(inputs.map(({ name, type }) => [name, type])),
    logits,
    caches,
    nKvHeads,
    dHead,
  }
}

/** Heads of keys and values, and their width; 0 for a graph without caches. */
function cacheSizes(
  name: string,
  caches: readonly (FileCache & { readonly dims: FileValue['dims'] })[],
): readonly [number, number] {
  const [first] = caches
  if (first === undefined) return [0, 0]
  for (const [index, { layer, kind, past, dims, type }] of caches.entries()) {
    const shape = shown(dims.map((size) => size ?? 'any'))
    const own = past.slice(filePrefix.length)
    if (layer !== Math.floor(index / 2) || kind !== (index % 2 === 0 ? 'k' : 'v'))
      throw new InputError(
        `${name} does not take the keys and values of each layer (${own} is out of turn); export it again`,
      )
    if (dims.length !== 4 || dims[1] === null || dims[3] === null)
      throw new InputError(`${name}: ${own} has the shape ${shape}, expected [batch, heads, tokens, width of a head]`)
    if (dims[1] !== first.dims[1] || dims[3] !== first.dims[3])
      throw new InputError(`${name}: ${own} has the shape ${shape}, unlike that of layer 0; such models are not read`)
    if (type !== elementType.float32 && type !== elementType.float16)
      throw new InputError(`${name}: ${own} is of ONNX type ${type}, expected float32 or float16`)
  }
  return [first.dims[1]!, first.dims[3]!]
}
