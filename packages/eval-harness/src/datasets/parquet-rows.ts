import { type ByteSource, InputError, openLocalFile } from '@saeval/hub'
import { type AsyncBuffer, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { parseJson } from '../python/json.js'
import { type PyDict, PyFloat, type PyValue } from '../python/value.js'
import type { DataFile } from './data-file.js'
import type { Split } from './dataset.js'
import { castToFeature, classNames, embeddedFeatures, type Features } from './features.js'

type SchemaNode = ReturnType<typeof parquetSchema>

/**
 * Opens parquet files as one split; only the row groups that hold the rows asked for are read. Names of classes that the card tells
 * become their numbers.
 */
export async function parquetSplit(files: readonly DataFile[], features: Features): Promise<Split> {
  const parts = await Promise.all(files.map(openPart))
  const classes = classNames(features)
  const numbered = (row: PyDict): PyDict =>
    new Map(
      [...row].map(([name, value]) => [name, classes.has(name) ? castToFeature(value, features!.get(name)) : value]),
    )
  const columns = parts[0]?.schema.children.map((child) => child.element.name) ?? []
  return {
    columns,
    length: parts.reduce((sum, part) => sum + part.length, 0),
    classNames: new Map([...(parts[0]?.classes ?? []), ...classes]),
    rows: async (start = 0, end = Number.POSITIVE_INFINITY) => {
      const rows: PyDict[] = []
      let offset = 0
      for (const part of parts) {
        const from = Math.max(0, start - offset)
        const to = Math.min(part.length, end - offset)
        if (from < to) for (const row of await part.read(from, to)) rows.push(classes.size > 0 ? numbered(row) : row)
        offset += part.length
      }
      return rows
    },
  }
}

async function openPart(file: DataFile) {
  const damaged = (cause: unknown) =>
    new InputError(
      `${file.name} cannot be read as parquet: ${cause instanceof Error ? cause.message : cause}; download it again`,
      { cause },
    )
  const source = await openSource(file)
  const buffer = asyncBuffer(source)
  const metadata = await parquetMetadataAsync(buffer).catch((cause) => {
    throw damaged(cause)
  })
  await source.close()
  const schema = parquetSchema(metadata)
  const embedded = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value
  return {
    schema,
    classes: classNames(embedded === undefined ? null : embeddedFeatures(parseJson(embedded))),
    length: Number(metadata.num_rows),
    read: async (rowStart: number, rowEnd: number): Promise<PyDict[]> => {
      const open = await openSource(file)
      try {
        const rows = await parquetReadObjects({ file: asyncBuffer(open), metadata, rowStart, rowEnd, compressors })
        return rows.map((row) => toStruct(row, schema))
      } catch (cause) {
        throw damaged(cause)
      } finally {
        await open.close()
      }
    },
  }
}

/** What reading parquet needs of a file. */
type Source = Pick<ByteSource, 'byteLength' | 'read' | 'close'>

async function openSource({ path, member }: DataFile): Promise<Source> {
  if (member === undefined) return openLocalFile(path)
  return {
    byteLength: member.length,
    read: async (offset, length) => member.subarray(offset, offset + length),
    close: async () => {},
  }
}

function asyncBuffer(source: Source): AsyncBuffer {
  return {
    byteLength: source.byteLength,
    slice: async (start, end = source.byteLength) => {
      const bytes = await source.read(start, end - start)
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
    },
  }
}

function toStruct(value: Readonly<Record<string, unknown>>, node: SchemaNode): PyDict {
  return new Map(node.children.map((child) => [child.element.name, toValue(value[child.element.name], child)]))
}

/** A parquet value in Python's terms; the schema tells floats from whole numbers. */
function toValue(value: unknown, node: SchemaNode): PyValue {
  if (value === null || value === undefined) return null
  if (Array.isArray(value)) {
    const item = elementNode(node)
    return value.map((part) => toValue(part, item))
  }
  if (node.children.length > 0) return toStruct(value as Readonly<Record<string, unknown>>, node)
  if (typeof value === 'bigint')
    return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (typeof value === 'number')
    return node.element.type === 'DOUBLE' || node.element.type === 'FLOAT' ? new PyFloat(value) : value
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (value instanceof Date) return pythonTime(value, node)
  throw new Error(`column ${node.element.name} has values that are neither text nor numbers`)
}

/** A date or time as Python prints it, which is all that prompts and hashes show of it. */
function pythonTime(time: Date, { element }: SchemaNode): string {
  const [date, clock] = time.toISOString().slice(0, -1).split('T') as [string, string]
  if (element.converted_type === 'DATE' || element.logical_type?.type === 'DATE') return date
  const [seconds, milliseconds] = clock.split('.') as [string, string]
  return `${date} ${seconds}${milliseconds === '000' ? '' : `.${milliseconds}000`}`
}

/** The element of a LIST: the only child of its repeated only child. */
function elementNode(node: SchemaNode): SchemaNode {
  const repeated = node.children.length === 1 ? node.children[0]! : node
  if (repeated.element.repetition_type !== 'REPEATED') return node
  return repeated.children.length === 1 ? repeated.children[0]! : repeated
}
