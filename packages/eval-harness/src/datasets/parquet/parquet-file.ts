import { type ByteSource, InputError, openLocalFile } from '@saeval/hub'
import { parseJson } from '@saeval/python/internal/json/json'
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetSchema, type SchemaTree } from 'hyparquet'
import type { DataFile } from '../files/data-file.js'
import { mostUnpacked, TooMuch } from '../files/unpack.js'
import { embeddedFeatures, type Feature, featureText } from '../tables/features.js'
import { arrowFields } from './arrow-schema.js'
import { type ColumnType, columnType, UnreadableColumn } from './column-types.js'
import { mostValues, pageSums } from './page-headers.js'

/** A parquet file whose metadata has been read. */
export interface ParquetFile {
  readonly file: DataFile
  /** Its size. */
  readonly bytes: number
  readonly length: number
  /** Metadata by which hyparquet gives stored values as they are. */
  readonly metadata: FileMetaData
  /** `feature` is what datasets takes the column for, with what it has itself written into the file (names of classes). */
  readonly columns: readonly { readonly name: string; readonly type: ColumnType; readonly feature: Feature }[]
}

/** How hyparquet makes values where its schema still has a say: texts by strict UTF-8, old timestamps as nanoseconds. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
export const parsers = {
  stringFromBytes: (bytes: Uint8Array) => bytes && decoder.decode(bytes),
  jsonFromBytes: (bytes: Uint8Array) => bytes && decoder.decode(bytes),
  timestampFromNanoseconds: (nanos: bigint) => nanos,
}

/** Reads a file's metadata. Throws InputError for a file that is not parquet, and for a column of a type that has no Python value. */
export async function openFile(file: DataFile): Promise<ParquetFile> {
  return withBuffer(
    file,
    () => {},
    async (buffer) => {
      const metadata = await parquetMetadataAsync(buffer, { geoparquet: false })
      const schema = parquetSchema(metadata)
      checkSizes(metadata, schema, buffer.byteLength)
      const value = (name: string) => metadata.key_value_metadata?.find(({ key }) => key === name)?.value
      const [arrow, embedded] = [value('ARROW:schema'), value('huggingface')]
      const fields = arrow === undefined ? [] : arrowFields(arrow)
      const features = embedded === undefined ? null : embeddedFeatures(parseJson(embedded))
      const columns = schema.children.map((node, index) => {
        const { name } = node.element
        try {
          const type = columnType(node, fields[index]?.name === name ? fields[index] : undefined)
          return { name, type, feature: told(type.feature, features?.get(name)) }
        } catch (cause) {
          if (!(cause instanceof UnreadableColumn)) throw cause
          throw new InputError(`${file.name}, column ${name}: it ${cause.message}`, { cause })
        }
      })
      return {
        file,
        bytes: buffer.byteLength,
        length: Number(metadata.num_rows),
        metadata: storedAsIs(metadata),
        columns,
      }
    },
  )
}

/** Throws Error where the metadata contradicts itself or announces more than a file of this size can hold. */
function checkSizes({ num_rows: rows, row_groups: groups }: FileMetaData, schema: SchemaTree, bytes: number): void {
  let [sum, values] = [0, 0]
  for (const group of groups) {
    for (const { meta_data: chunk } of group.columns) {
      if (chunk === undefined || chunk.num_values < group.num_rows) throw new Error('a column shorter than its rows')
      let node: SchemaTree | undefined = schema
      for (const name of chunk.path_in_schema) node = node?.children.find(({ element }) => element.name === name)
      if (node === undefined || node.children.length > 0) throw new Error('a column that the schema does not have')
      values += Number(chunk.num_values)
    }
    sum += Number(group.num_rows)
  }
  if (sum !== Number(rows) || (rows > 0 && values === 0)) throw new Error('groups of other rows than the file has')
  if (values > mostValues(bytes)) throw new TooMuch()
}

/** What datasets wrote of a column counts where it is stored in the same way. */
function told(stored: Feature, feature: Feature | undefined): Feature {
  return feature !== undefined && (featureText(storage(feature)) === featureText(stored) || isMedia(feature))
    ? feature
    : stored
}

function isMedia(feature: Feature): boolean {
  return feature.kind === 'value' && /^(image|audio|video|pdf|nifti|mesh)$/.test(feature.dtype)
}

function storage(feature: Feature): Feature {
  if (feature.kind === 'class') return { kind: 'value', dtype: 'int64' }
  if (feature.kind === 'list') return { kind: 'list', of: storage(feature.of) }
  if (feature.kind === 'struct')
    return { kind: 'struct', fields: new Map([...feature.fields].map(([name, of]) => [name, storage(of)])) }
  return feature
}

/** The metadata without what would have hyparquet make dates, decimals and texts of stored values; texts and groups keep their marks. */
function storedAsIs(metadata: FileMetaData): FileMetaData {
  return {
    ...metadata,
    schema: metadata.schema.map((element) => {
      const { converted_type: converted, logical_type: logical, ...rest } = element
      if ((element.num_children ?? 0) > 0) return element
      const text =
        ['UTF8', 'ENUM', 'JSON'].includes(converted ?? '') || ['STRING', 'ENUM', 'JSON'].includes(logical?.type ?? '')
      return text ? { ...rest, converted_type: 'UTF8' as const } : rest
    }),
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

/** Runs `step` on an open file whose bytes `check` sees before. Throws InputError saying that the file is damaged where it fails. */
export async function withBuffer<Result>(
  file: DataFile,
  check: (bytes: Uint8Array, start: number) => void,
  step: (buffer: AsyncBuffer) => Promise<Result>,
): Promise<Result> {
  const source = await openSource(file)
  const read = async (start: number, length: number) => {
    const bytes = await source.read(start, length)
    check(bytes, start)
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  }
  try {
    return await step({
      byteLength: source.byteLength,
      slice: (start, end = source.byteLength) => {
        const part = read(start, end - start)
        // hyparquet leaves reads alone once another one has failed
        part.catch(() => {})
        return part
      },
    })
  } catch (cause) {
    if (InputError.isInstance(cause)) throw cause
    throw new InputError(
      `${file.name} ${cause instanceof TooMuch ? cause.message : 'is damaged, or no parquet file; download it again'}`,
      { cause },
    )
  } finally {
    await source.close()
  }
}

/** Checks the pages of chunks that stand in bytes read from a place of the file, those of all reads together. Throws Error and TooMuch. */
export function pageCheck({ metadata, bytes: fileBytes }: ParquetFile): (bytes: Uint8Array, start: number) => void {
  const chunks = metadata.row_groups.flatMap(({ columns }) =>
    columns.map(({ meta_data }) => {
      const { dictionary_page_offset: dictionary, data_page_offset: data, ...chunk } = meta_data!
      const from = Number(dictionary || data)
      return { from, to: from + Number(chunk.total_compressed_size), values: Number(chunk.num_values) }
    }),
  )
  let [values, unpacked] = [0, 0]
  return (bytes, start) => {
    for (const chunk of chunks) {
      if (chunk.from < start || chunk.to > start + bytes.length) continue
      const sums = pageSums(new DataView(bytes.buffer, bytes.byteOffset + chunk.from - start, chunk.to - chunk.from))
      if (sums.values !== chunk.values) throw new Error('pages of other values than their column has')
      values += sums.values
      unpacked += sums.bytes
      if (values > mostValues(fileBytes) || unpacked > mostUnpacked(fileBytes)) throw new TooMuch()
    }
  }
}
