import { type ByteSource, InputError, openLocalFile } from '@saeval/hub'
import { parseJson } from '@saeval/python/internal/json/json'
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetSchema } from 'hyparquet'
import type { DataFile } from '../files/data-file.js'
import { embeddedFeatures, type Feature, featureText } from '../tables/features.js'
import { arrowFields } from './arrow-schema.js'
import { type ColumnType, columnType } from './column-types.js'

/** A parquet file whose metadata has been read. */
export interface ParquetFile {
  readonly file: DataFile
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
  const metadata = await withBuffer(file, (buffer) => parquetMetadataAsync(buffer, { geoparquet: false }))
  const value = (name: string) => metadata.key_value_metadata?.find(({ key }) => key === name)?.value
  const [arrow, embedded] = [value('ARROW:schema'), value('huggingface')]
  const fields = arrow === undefined ? [] : arrowFields(arrow)
  const features = embedded === undefined ? null : embeddedFeatures(parseJson(embedded))
  const columns = parquetSchema(metadata).children.map((node, index) => {
    const { name } = node.element
    try {
      const type = columnType(node, fields[index]?.name === name ? fields[index] : undefined)
      return { name, type, feature: told(type.feature, features?.get(name)) }
    } catch (cause) {
      throw new InputError(`${file.name}, column ${name}: it ${(cause as Error).message}`, { cause })
    }
  })
  return { file, length: Number(metadata.num_rows), metadata: storedAsIs(metadata), columns }
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

/** Runs `step` on an open file. Throws InputError saying that the file is damaged where it fails. */
export async function withBuffer<Result>(
  file: DataFile,
  step: (buffer: AsyncBuffer) => Promise<Result>,
): Promise<Result> {
  const source = await openSource(file)
  try {
    return await step({
      byteLength: source.byteLength,
      slice: async (start, end = source.byteLength) => {
        const bytes = await source.read(start, end - start)
        return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
      },
    })
  } catch (cause) {
    throw new InputError(
      `${file.name} cannot be read as parquet: ${cause instanceof Error ? cause.message : cause}; download it again`,
      { cause },
    )
  } finally {
    await source.close()
  }
}
