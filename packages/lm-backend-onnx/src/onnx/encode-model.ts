import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** ONNX tensor element types (TensorProto.DataType). */
export const elementType = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
} as const
export type ElementType = keyof typeof elementType

/** Bytes of an external file. */
export interface ExternalData {
  readonly location: string
  readonly offset: number
  readonly length: number
}

/** A constant: its bytes inline (little-endian), or a place in an external file. */
export interface Initializer {
  readonly name: string
  /** By name, or the number of a type that only files have. */
  readonly type: ElementType | number
  readonly shape: readonly number[]
  readonly data: Uint8Array | ExternalData
}

/** A message of a file, which is written as it is. */
export interface Stored {
  readonly stored: Uint8Array
}

/** A small constant of a file: a TensorProto under another name. */
export interface StoredInitializer extends Stored {
  readonly name: string
}

/** A graph input or output; a string dimension is symbolic. */
export interface ValueInfo {
  readonly name: string
  readonly type: ElementType
  readonly shape: readonly (number | string)[]
}

/** Node attribute; a JavaScript integer becomes INT and `{ float }` FLOAT, so that 1.0 is not taken for an integer. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly graph: Subgraph }
  | Stored

/** A branch of If, which has no inputs, or the body of Scan; it sees every value of the graph around it. */
export interface Subgraph {
  readonly inputs: readonly (ValueInfo | StoredValue)[]
  readonly nodes: readonly Node[]
  readonly outputs: readonly (ValueInfo | StoredValue)[]
  /** Constants of its own; none by default. */
  readonly initializers?: readonly (Initializer | StoredInitializer)[]
}

/** An input or output of a file's subgraph: a ValueInfoProto under another name. */
export interface StoredValue extends Stored {
  readonly name: string
}

export interface Node {
  /** Name of the operator, after its domain and a dot where that is not the standard's. */
  readonly op: string
  readonly name: string
  /** "" for an optional input that is not given. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** The version of a domain's operators. */
export interface OpsetImport {
  readonly domain: string
  readonly version: number
}

export interface OnnxModel {
  /** Version of the standard's operators. */
  readonly opset: number
  /** Versions of other domains' operators beside onnxruntime's own; none by default. */
  readonly imports?: readonly OpsetImport[]
  /** Functions of a file, FunctionProtos; none by default. */
  readonly functions?: readonly Stored[]
  readonly nodes: readonly Node[]
  readonly initializers: readonly (Initializer | StoredInitializer)[]
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
}

type FieldKind = 'int64' | 'int32' | 'float' | 'string' | 'bytes' | 'int64s' | MessageName
type MessageName = keyof typeof schema

/** The part of onnx.proto that saeval writes: message -> field -> [number, kind]; arrays are repeated fields. */
const schema = {
  ModelProto: {
    irVersion: [1, 'int64'],
    producerName: [2, 'string'],
    graph: [7, 'GraphProto'],
    opsetImport: [8, 'OperatorSetIdProto'],
    functions: [25, 'FunctionProto'],
  },
  FunctionProto: {},
  OperatorSetIdProto: { domain: [1, 'string'], version: [2, 'int64'] },
  GraphProto: {
    node: [1, 'NodeProto'],
    name: [2, 'string'],
    initializer: [5, 'TensorProto'],
    input: [11, 'ValueInfoProto'],
    output: [12, 'ValueInfoProto'],
  },
  NodeProto: {
    input: [1, 'string'],
    output: [2, 'string'],
    name: [3, 'string'],
    opType: [4, 'string'],
    attribute: [5, 'AttributeProto'],
    domain: [7, 'string'],
  },
  AttributeProto: {
    name: [1, 'string'],
    f: [2, 'float'],
    i: [3, 'int64'],
    s: [4, 'bytes'],
    g: [6, 'GraphProto'],
    ints: [8, 'int64s'],
    type: [20, 'int32'],
  },
  TensorProto: {
    dims: [1, 'int64s'],
    dataType: [2, 'int32'],
    name: [8, 'string'],
    rawData: [9, 'bytes'],
    externalData: [13, 'StringStringEntryProto'],
    dataLocation: [14, 'int32'],
  },
  StringStringEntryProto: { key: [1, 'string'], value: [2, 'string'] },
  ValueInfoProto: { name: [1, 'string'], type: [2, 'TypeProto'] },
  TypeProto: { tensorType: [1, 'TensorTypeProto'] },
  TensorTypeProto: { elemType: [1, 'int32'], shape: [2, 'TensorShapeProto'] },
  TensorShapeProto: { dim: [1, 'DimensionProto'] },
  DimensionProto: { dimValue: [1, 'int64'], dimParam: [2, 'string'] },
} as const satisfies Record<string, Record<string, readonly [number, string]>>

type Message = Readonly<Record<string, unknown>>

function writeMessage(writer: BinaryWriter, name: MessageName, message: Message): BinaryWriter {
  const fields = schema[name] as Readonly<Record<string, readonly [number, FieldKind]>>
  for (const [key, value] of Object.entries(message)) {
    const field = fields[key]
    if (!field) throw new Error(`${name} has no field ${key}`)
    const [number, kind] = field
    // int64s is a packed list, so the array is one value of it
    const values = Array.isArray(value) && kind !== 'int64s' ? value : [value]
    for (const item of values) writeField(writer, number, kind, item)
  }
  return writer
}

function writeField(writer: BinaryWriter, number: number, kind: FieldKind, value: unknown): void {
  switch (kind) {
    case 'int64':
      writer.tag(number, WireType.Varint).int64(value as number)
      return
    case 'int32':
      writer.tag(number, WireType.Varint).int32(value as number)
      return
    case 'float':
      writer.tag(number, WireType.Bit32).float(value as number)
      return
    case 'string':
      writer.tag(number, WireType.LengthDelimited).string(value as string)
      return
    case 'bytes':
      writer.tag(number, WireType.LengthDelimited).bytes(value as Uint8Array)
      return
    case 'int64s': {
      writer.tag(number, WireType.LengthDelimited).fork()
      for (const item of value as readonly number[]) writer.int64(item)
      writer.join()
      return
    }
    default:
      if (isStored(value)) {
        writer.tag(number, WireType.LengthDelimited).bytes(value.stored)
        return
      }
      writer.tag(number, WireType.LengthDelimited).fork()
      writeMessage(writer, kind, value as Message)
      writer.join()
  }
}

function isStored(value: unknown): value is Stored {
  return typeof value === 'object' && value !== null && 'stored' in value
}

/** A stored message with another name in its field `number`: of a field that stands twice, the later one counts. */
function renamed({ stored, name }: Stored & { readonly name: string }, number: number): Stored {
  const own = new BinaryWriter().tag(number, WireType.LengthDelimited).string(name).finish()
  const all = new Uint8Array(stored.length + own.length)
  all.set(stored)
  all.set(own, stored.length)
  return { stored: all }
}

// AttributeProto.AttributeType
const attributeType = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const

function attributeMessage(name: string, value: Attribute): Message | Stored {
  if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: attributeType.string }
  if (typeof value === 'number') return { name, i: value, type: attributeType.int }
  if (isStored(value)) return value
  if ('float' in value) return { name, f: value.float, type: attributeType.float }
  if ('graph' in value) return { name, g: graphMessage(value.graph, name), type: attributeType.graph }
  return { name, ints: value, type: attributeType.ints }
}

function tensorMessage(tensor: Initializer | StoredInitializer): Message | Stored {
  if (isStored(tensor)) return renamed(tensor, schema.TensorProto.name[0])
  const { name, type, shape, data } = tensor
  const common = { dims: shape, dataType: typeof type === 'number' ? type : elementType[type], name }
  if (data instanceof Uint8Array) return { ...common, rawData: data }
  const entries = Object.entries({ location: data.location, offset: data.offset, length: data.length })
  return { ...common, externalData: entries.map(([key, value]) => ({ key, value: String(value) })), dataLocation: 1 }
}

function valueMessage(value: ValueInfo | StoredValue): Message | Stored {
  if (isStored(value)) return renamed(value, schema.ValueInfoProto.name[0])
  const { name, type, shape } = value
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }))
  return { name, type: { tensorType: { elemType: elementType[type], shape: { dim } } } }
}

function nodeMessage({ op, name, inputs, outputs, attributes }: Node): Message {
  const dot = op.lastIndexOf('.')
  return {
    input: inputs,
    output: outputs,
    name,
    opType: op.slice(dot + 1),
    attribute: Object.entries(attributes).map(([key, value]) => attributeMessage(key, value)),
    ...(dot < 0 ? {} : { domain: op.slice(0, dot) }),
  }
}

function graphMessage({ nodes, inputs, outputs, initializers = [] }: Subgraph, name: string): Message {
  return {
    node: nodes.map(nodeMessage),
    name,
    initializer: initializers.map(tensorMessage),
    input: inputs.map(valueMessage),
    output: outputs.map(valueMessage),
  }
}

/** The bytes of an .onnx file (ModelProto, ONNX IR version 10). */
export function encodeModel(model: OnnxModel): Uint8Array {
  const opsetImport = [
    { domain: '', version: model.opset },
    // onnxruntime's own operators
    { domain: 'com.microsoft', version: 1 },
    ...(model.imports ?? []),
  ]
  return writeMessage(new BinaryWriter(), 'ModelProto', {
    irVersion: 10,
    producerName: 'saeval',
    graph: graphMessage(model, 'saeval'),
    opsetImport,
    functions: model.functions ?? [],
  }).finish()
}
