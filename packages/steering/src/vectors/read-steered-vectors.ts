import { createHash } from 'node:crypto'
import { InputError, openLocalFile, readSafetensorsIndex, readTensor } from '@saeval/hub'
import { cut, isPrintable, shown } from '@saeval/hub/checks'
import type { PickleValue } from '@saeval/sae-core/internal/torch/pickle'
import { openTorchFile } from '@saeval/sae-core/internal/torch/torch-file'
import { TorchTensor } from '@saeval/sae-core/internal/torch/torch-world'
import { located, type RowPlace } from '../edits/place-in-file.js'
import { readSteeringBytes } from '../edits/read-steering-file.js'
import { type Numbers, oneVector } from './one-vector.js'
import { plainFile } from './read-plain-vectors.js'
import type { ReadVectorsOptions, SteeredEntry, SteeredFile } from './steered-entry.js'

/** The fields of one entry, whatever container they come from. */
type Fields = ReadonlyMap<string, unknown>

const known = ['steering_vector', 'steering_coefficient', 'action', 'bias', 'head_index', 'description']

/**
 * Reads a .pt or .pth file: a dictionary from modules to dictionaries with steering_vector, action, and if wanted steering_coefficient (1),
 * bias, head_index; or one bare tensor. Nothing in it is run.
 */
export async function readSteeredTorch(path: string, options: ReadVectorsOptions): Promise<SteeredFile> {
  const bytes = await readSteeringBytes('steer_path', path)
  const file = await openTorchFile(path)
  try {
    if (file.value instanceof TorchTensor) {
      const numbers = { shape: file.value.shape, values: await file.numbers(file.value, 'the tensor') }
      return plainFile(path, bytes, [['the tensor', numbers]], options)
    }
    if (!(file.value instanceof Map)) throw new InputError(`${path} is not a dictionary from modules to vectors`)
    const entries: [string, Fields][] = []
    for (const [module, fields] of file.value as Map<PickleValue, PickleValue>) {
      if (typeof module !== 'string' || !isPrintable(module) || !(fields instanceof Map))
        throw new InputError(`${path}: ${nameOf(module)} is not a module with a dictionary of its own`)
      const read = new Map<string, unknown>()
      for (const [name, value] of fields as Map<PickleValue, PickleValue>) {
        const isTensor = value instanceof TorchTensor
        const numbers = isTensor ? await file.numbers(value, `${nameOf(name)} of ${cut(module)}`) : null
        read.set(nameOf(name), isTensor ? { shape: value.shape, values: numbers } : value)
      }
      entries.push([module, read])
    }
    return fileOf(path, bytes, entries)
  } finally {
    await file.close()
  }
}

/** A key of a dictionary, for messages where it is no text. */
function nameOf(key: PickleValue): string {
  if (typeof key === 'string' && isPrintable(key)) return key
  return typeof key === 'number' ? String(key) : 'a key that is no text'
}

/**
 * Reads a .safetensors file: tensors <module>.steering_vector and <module>.bias; <module>.action, <module>.steering_coefficient (1) and
 * <module>.head_index are texts of its metadata. Or plain vectors to add: tensors named by their place, or one of any name.
 */
export async function readSteeredSafetensors(path: string, options: ReadVectorsOptions): Promise<SteeredFile> {
  const bytes = await readSteeringBytes('steer_path', path)
  const source = await openLocalFile(path)
  try {
    const { tensors, metadata } = await readSafetensorsIndex(source)
    const isField = (key: string) => known.includes(key.slice(key.lastIndexOf('.') + 1)) && key.includes('.')
    if (tensors.size > 0 && ![...tensors.keys(), ...Object.keys(metadata)].some(isField)) {
      const plain: [string, Numbers][] = []
      for (const [name, entry] of tensors)
        plain.push([name, { shape: entry.shape, values: await readTensor(source, entry) }])
      const ignored = textNames(metadata).map((name) => `metadata ${cut(name)}`)
      return plainFile(path, bytes, plain, options, ignored)
    }
    const entries = new Map<string, Map<string, unknown>>()
    const put = (key: string, value: unknown) => {
      const dot = key.lastIndexOf('.')
      const [module, field] = [key.slice(0, dot), key.slice(dot + 1)]
      if (dot < 1 || !known.includes(field))
        throw new InputError(`${path} holds ${shown(key)}, which is no field of a module: ${known.join(', ')}`)
      entries.set(module, (entries.get(module) ?? new Map()).set(field, value))
    }
    for (const [name, entry] of tensors) put(name, { shape: entry.shape, values: await readTensor(source, entry) })
    for (const name of textNames(metadata)) {
      const text = metadata[name]!
      put(name, /\.(steering_coefficient|head_index)$/.test(name) ? numberOfText(text) : text)
    }
    return fileOf(path, bytes, [...entries])
  } finally {
    await source.close()
  }
}

/** Names of the metadata's texts but PyTorch's own mark. */
function textNames(metadata: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(metadata).filter((name) => name !== 'format')
}

/** NaN for a blank text, which JavaScript takes for 0. */
function numberOfText(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}

function fileOf(path: string, bytes: Uint8Array, list: readonly (readonly [string, Fields])[]): SteeredFile {
  if (list.length === 0) throw new InputError(`${path} names no module to steer`)
  const entries = list.map(([name, fields]) => entryOf(path, name, fields))
  // lm_eval's own example gives an addition a bias
  const ignored = list.flatMap(([name, fields]) =>
    fields.get('action') === 'add' && isTensor(fields.get('bias')) ? [`bias of ${name}, which add does not use`] : [],
  )
  return {
    path,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    entries,
    ignored,
    notices: [],
    modelType: null,
  }
}

function entryOf(path: string, hookpoint: string, fields: Fields): SteeredEntry {
  const place: RowPlace = { path, entry: cut(hookpoint) }
  const wrong = (message: string) => located(place, null, message)
  for (const name of fields.keys()) {
    if (!known.includes(name)) throw wrong(`the field ${shown(name)} has no meaning; known are ${known.join(', ')}`)
  }
  const action = fields.get('action')
  if (action !== 'add' && action !== 'clamp')
    throw wrong(
      `action is ${typeof action === 'string' || action == null ? shown(action) : 'no text'}, expected "add" or "clamp"`,
    )
  const vector = vectorOf(fields, 'steering_vector', wrong)
  if (vector === null) throw wrong('there is no steering_vector')
  const coefficient = numberOf(fields.get('steering_coefficient') ?? 1)
  if (coefficient === null) throw wrong('steering_coefficient is not a finite number')
  const head = fields.get('head_index') ?? null
  const headNumber = head === null ? null : numberOf(head)
  if (head !== null && (headNumber === null || !Number.isInteger(headNumber) || headNumber < 0))
    throw wrong('head_index is not a whole number from 0')
  const bias = vectorOf(fields, 'bias', wrong)
  return {
    place,
    hookpoint,
    change:
      action === 'add'
        ? { action, vector, coefficient }
        : { action: 'project_clamp', vector, coefficient, origin: bias },
    keepsNorm: false,
    head: headNumber,
    origin: `the vector of ${hookpoint}`,
    sae: null,
    record: { hookpoint, action, steering_coefficient: coefficient, head_index: headNumber },
  }
}

function vectorOf(fields: Fields, name: string, wrong: (message: string) => InputError): Float32Array | null {
  const value = fields.get(name)
  if (value === undefined || value === null) return null
  if (!isTensor(value)) throw wrong(`${name} is not a tensor`)
  return oneVector(name, value, wrong)
}

/** A number, or a tensor of one number. */
function numberOf(value: unknown): number | null {
  const single = isTensor(value) && value.values.length === 1 ? value.values[0]! : value
  const number = typeof single === 'number' || typeof single === 'bigint' ? Number(single) : Number.NaN
  return Number.isFinite(number) ? number : null
}

function isTensor(value: unknown): value is Numbers {
  return typeof value === 'object' && value !== null && 'shape' in value && 'values' in value
}
