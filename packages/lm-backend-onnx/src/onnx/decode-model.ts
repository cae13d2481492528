import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { type ByteSource, InputError } from '@saeval/hub'
import type { Attribute, ExternalData, Node, OpsetImport, Stored, StoredValue, Subgraph } from './encode-model.js'
import { fieldsOf, type PlacedField } from './placed-fields.js'

/** A constant of a file. */
export interface FileTensor {
  readonly name: string
  /** TensorProto.DataType */
  readonly type: number
  readonly shape: readonly number[]
  /** Where its bytes are: in an external file, or in this one; null for a tensor that `stored` holds whole. */
  readonly place: ExternalData | 'here' | null
  /** Where its bytes are in this file. */
  readonly offset: number
  readonly length: number
  readonly stored: Uint8Array | null
}

/** An input or output of a file's graph. */
export interface FileValue {
  readonly name: string
  /** TensorProto.DataType; 0 for what is no tensor */
  readonly type: number
  /** null for sizes that are not fixed */
  readonly dims: readonly (number | null)[]
}

/** A branch or body in a file. */
export interface FileSubgraph extends Subgraph {
  readonly tensors: readonly FileTensor[]
}

/** An .onnx file without its weights. Attributes are graphs, or stored as they are. */
export interface FileModel {
  readonly producer: string
  /** Of the standard's operators. */
  readonly opset: number
  readonly imports: readonly OpsetImport[]
  readonly functions: readonly Stored[]
  readonly nodes: readonly Node[]
  readonly tensors: readonly FileTensor[]
  readonly inputs: readonly FileValue[]
  readonly outputs: readonly FileValue[]
}

/** All values of a file have names that begin so, unlike those of the builders. */
export const filePrefix = 'file:'

// constants up to this size are read with the graph
const smallTensor = 4096

/** Reads an .onnx file; weights stay where they are. Throws InputError where it is damaged or no ONNX. */
export async function decodeModel(source: ByteSource): Promise<FileModel> {
  try {
    return await readModel(source)
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(`${source.name} is damaged, or no ONNX file: download or export it again`, { cause: error })
  }
}

async function readModel(source: ByteSource): Promise<FileModel> {
  let producer = ''
  let graph: PlacedField | null = null
  const imports: OpsetImport[] = []
  const functions: Stored[] = []
  for await (const field of fieldsOf(source, 0, source.byteLength)) {
    if (field.number === 2) producer = new TextDecoder().decode(await field.bytes())
    else if (field.number === 7) graph = field
    else if (field.number === 8) imports.push(opsetImport(await field.bytes()))
    else if (field.number === 25) functions.push({ stored: await field.bytes() })
  }
  const standard = imports.find(({ domain }) => domain === '' || domain === 'ai.onnx')
  if (graph === null || standard === undefined)
    throw new InputError(`${source.name} holds no ONNX graph: it is damaged, or another kind of file`)
  const nodes: Node[] = []
  const tensors: FileTensor[] = []
  const inputs: FileValue[] = []
  const outputs: FileValue[] = []
  for await (const field of fieldsOf(source, graph.offset, graph.offset + graph.length)) {
    if (field.number === 1) nodes.push(decodeNode(await field.bytes(), field.offset))
    else if (field.number === 5) tensors.push(await placedTensor(source, field))
    else if (field.number === 11) inputs.push(decodeValue(await field.bytes()))
    else if (field.number === 12) outputs.push(decodeValue(await field.bytes()))
    else if (field.number === 15)
      throw new InputError(`${source.name} holds sparse tensors, which are not read: export it without`)
  }
  const others = imports.filter(({ domain }) => !['', 'ai.onnx', 'com.microsoft'].includes(domain))
  return { producer, opset: standard.version, imports: others, functions, nodes, tensors, inputs, outputs }
}

const named = (name: string) => (name === '' ? '' : filePrefix + name)

function opsetImport(bytes: Uint8Array): OpsetImport {
  let domain = ''
  let version = 0
  eachField(bytes, (number, reader) => {
    if (number === 1) domain = reader.string()
    else if (number === 2) version = Number(reader.int64())
    else return false
    return true
  })
  return { domain, version }
}

/** Goes through a message; `take` says whether it has read the field. */
function eachField(bytes: Uint8Array, take: (number: number, reader: BinaryReader, wire: WireType) => boolean): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    if (!take(number, reader, wire)) reader.skip(wire, number)
  }
}

/** `base` is where the message stands in its file. */
function decodeNode(bytes: Uint8Array, base: number): Node {
  const inputs: string[] = []
  const outputs: string[] = []
  const attributes: Record<string, Attribute> = {}
  let name = ''
  let op = ''
  let domain = ''
  eachField(bytes, (number, reader) => {
    if (number === 1) inputs.push(named(reader.string()))
    else if (number === 2) outputs.push(named(reader.string()))
    else if (number === 3) name = named(reader.string())
    else if (number === 4) op = reader.string()
    else if (number === 5) {
      const stored = reader.bytes()
      const { attribute, key } = decodeAttribute(stored, base + reader.pos - stored.length)
      attributes[key] = attribute
    } else if (number === 7) domain = reader.string()
    else return false
    return true
  })
  const full = domain === '' || domain === 'ai.onnx' ? op : `${domain}.${op}`
  return { op: full, name, inputs, outputs, attributes }
}

function decodeAttribute(stored: Uint8Array, base: number): { key: string; attribute: Attribute } {
  let key = ''
  let graph: Subgraph | null = null
  eachField(stored, (number, reader) => {
    if (number === 1) key = reader.string()
    else if (number === 6) {
      const bytes = reader.bytes()
      graph = decodeSubgraph(bytes, base + reader.pos - bytes.length)
    } else return false
    return true
  })
  return { key, attribute: graph === null ? { stored } : { graph } }
}

function decodeSubgraph(bytes: Uint8Array, base: number): FileSubgraph {
  const nodes: Node[] = []
  const tensors: FileTensor[] = []
  const inputs: StoredValue[] = []
  const outputs: StoredValue[] = []
  const value = (stored: Uint8Array): StoredValue => ({ stored, name: decodeValue(stored).name })
  eachField(bytes, (number, reader) => {
    if (![1, 5, 11, 12].includes(number)) return false
    const own = reader.bytes()
    const at = base + reader.pos - own.length
    if (number === 1) nodes.push(decodeNode(own, at))
    else if (number === 5) tensors.push(decodeTensor(own, at))
    else if (number === 11) inputs.push(value(own))
    else outputs.push(value(own))
    return true
  })
  return { nodes, tensors, inputs, outputs }
}

function decodeValue(bytes: Uint8Array): FileValue {
  let name = ''
  let type = 0
  let dims: (number | null)[] = []
  const shape = (bytes: Uint8Array) => {
    dims = []
    eachField(bytes, (number, reader) => {
      if (number !== 1) return false
      let size: number | null = null
      eachField(reader.bytes(), (field, inner) => {
        if (field !== 1) return false
        size = Number(inner.int64())
        return true
      })
      dims.push(size)
      return true
    })
  }
  const tensorType = (bytes: Uint8Array) =>
    eachField(bytes, (number, reader) => {
      if (number === 1) type = reader.int32()
      else if (number === 2) shape(reader.bytes())
      else return false
      return true
    })
  eachField(bytes, (number, reader) => {
    if (number === 1) name = named(reader.string())
    else if (number === 2)
      eachField(reader.bytes(), (field, inner) => {
        if (field !== 1) return false
        tensorType(inner.bytes())
        return true
      })
    else return false
    return true
  })
  return { name, type, dims }
}

/** What of a TensorProto is read, beside raw bytes. */
interface TensorFields {
  name: string
  type: number
  shape: number[]
  external: Map<string, string>
  isExternal: boolean
}

const noFields = (): TensorFields => ({ name: '', type: 0, shape: [], external: new Map(), isExternal: false })

function takeField(fields: TensorFields, number: number, reader: BinaryReader, wire: WireType): boolean {
  if (number === 1) {
    if (wire !== WireType.LengthDelimited) fields.shape.push(Number(reader.int64()))
    else for (const end = reader.uint32() + reader.pos; reader.pos < end; ) fields.shape.push(Number(reader.int64()))
  } else if (number === 2) fields.type = reader.int32()
  else if (number === 8) fields.name = named(reader.string())
  else if (number === 13) {
    let key = ''
    let value = ''
    eachField(reader.bytes(), (field, inner) => {
      if (field === 1) key = inner.string()
      else if (field === 2) value = inner.string()
      else return false
      return true
    })
    fields.external.set(key, value)
  } else if (number === 14) fields.isExternal = reader.int32() === 1
  else return false
  return true
}

function tensorOf(
  fields: TensorFields,
  raw: { offset: number; length: number } | null,
  stored: Uint8Array | null,
): FileTensor {
  const { name, type, shape, external, isExternal } = fields
  if (!isExternal)
    return { name, type, shape, place: raw === null ? null : 'here', ...(raw ?? { offset: 0, length: 0 }), stored }
  const number = (key: string) => Number(external.get(key) ?? 0)
  const [offset, length] = [number('offset'), number('length')]
  const place = { location: external.get('location') ?? '', offset, length }
  return { name, type, shape, place, offset: 0, length: 0, stored: null }
}

/** A tensor in memory, which stands at `base` in its file. Small ones, and those without raw bytes, are kept. */
function decodeTensor(bytes: Uint8Array, base: number): FileTensor {
  const fields = noFields()
  let raw: { offset: number; length: number } | null = null
  eachField(bytes, (number, reader, wire) => {
    if (number !== 9) return takeField(fields, number, reader, wire)
    const { length } = reader.bytes()
    raw = { offset: base + reader.pos - length, length }
    return true
  })
  const isSmall = bytes.length <= smallTensor
  return tensorOf(fields, isSmall ? null : raw, isSmall || raw === null ? bytes : null)
}

/** The same for one in a file, of which large bytes are not read. */
async function placedTensor(source: ByteSource, field: PlacedField): Promise<FileTensor> {
  if (field.length <= smallTensor) return decodeTensor(await field.bytes(), field.offset)
  const fields = noFields()
  let raw: { offset: number; length: number } | null = null
  for await (const inner of fieldsOf(source, field.offset, field.offset + field.length)) {
    if (inner.number === 9) raw = { offset: inner.offset, length: inner.length }
    else if (inner.length <= smallTensor) {
      const reader = new BinaryReader(await source.read(inner.start, inner.offset + inner.length - inner.start))
      const [number, wire] = reader.tag()
      takeField(fields, number, reader, wire)
    }
  }
  return tensorOf(fields, raw, raw === null && !fields.isExternal ? await field.bytes() : null)
}
