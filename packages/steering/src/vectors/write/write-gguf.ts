import { option, sentence } from '@saeval/hub'
import { residualLayer } from '../layer-place.js'
import type { SteeredFile } from '../steered-entry.js'
import { added, floatBytes, refusesAllButAdditions, type VectorWriter } from './vector-writer.js'

const alignment = 32
const text = 8
const uint32 = 4
const floats = 0

/** GGUF control vectors, version 3, as repeng's export_gguf writes them. Coefficients are multiplied in. */
export const ggufWriter: VectorWriter = {
  name: 'GGUF control vector',
  ends: ['.gguf'],
  refuses: (entry) =>
    refusesAllButAdditions(entry) ??
    (residualLayer(entry.hookpoint) === null ? `${entry.hookpoint}: it holds outputs of layers` : null),
  refusesFile: ({ entries, modelType }) => {
    const layers = entries.map(({ hookpoint }) => residualLayer(hookpoint))
    const twice = layers.find((layer, index) => layers.indexOf(layer) !== index)
    if (twice !== undefined) return `layer ${twice} twice: it has one direction of each layer`
    return modelType === null
      ? sentence`no model type, which repeng asks for: say it by ${option('modelType')}, as in gemma2`
      : null
  },
  leaves: ({ path, entries }) =>
    entries.some(({ hookpoint }) => residualLayer(hookpoint) === 0)
      ? [`${path}: llama.cpp takes no direction.0; repeng, EasySteer and saeval do`]
      : [],
  bytes: ggufBytes,
}

function ggufBytes({ entries, modelType }: SteeredFile): Uint8Array {
  const tensors = entries.map((entry) => ({
    name: `direction.${residualLayer(entry.hookpoint)}`,
    values: added(entry),
  }))
  const parts: Uint8Array[] = []
  const put = (bytes: Uint8Array) => parts.push(bytes)
  const number = (value: number, size: 4 | 8) => {
    const bytes = new Uint8Array(size)
    const view = new DataView(bytes.buffer)
    if (size === 4) view.setUint32(0, value, true)
    else view.setBigUint64(0, BigInt(value), true)
    put(bytes)
  }
  const string = (value: string) => {
    const bytes = new TextEncoder().encode(value)
    number(bytes.length, 8)
    put(bytes)
  }
  const value = (key: string, type: number, write: () => void) => {
    string(key)
    number(type, 4)
    write()
  }
  put(new TextEncoder().encode('GGUF'))
  number(3, 4)
  number(tensors.length, 8)
  number(3, 8)
  value('general.architecture', text, () => string('controlvector'))
  value('controlvector.model_hint', text, () => string(modelType ?? ''))
  value('controlvector.layer_count', uint32, () => number(tensors.length, 4))
  let offset = 0
  for (const { name, values } of tensors) {
    string(name)
    number(1, 4)
    number(values.length, 8)
    number(floats, 4)
    number(offset, 8)
    offset += padded(values.byteLength)
  }
  const header = Buffer.concat(parts)
  const data = tensors.flatMap(({ values }) => [
    floatBytes(values),
    new Uint8Array(padded(values.byteLength) - values.byteLength),
  ])
  return Buffer.concat([header, new Uint8Array(padded(header.length) - header.length), ...data])
}

function padded(length: number): number {
  return Math.ceil(length / alignment) * alignment
}
