import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { InputError } from '@saeval/hub'
import { unzipSync } from 'fflate'
import { compressors } from 'hyparquet-compressors'

/** A data file: on disk, or a member of an archive. */
export interface DataFile {
  readonly path: string
  /** What it is called in messages; its ending tells the format. */
  readonly name: string
  /** The contents of a member of an archive. */
  readonly member?: Uint8Array
}

/** Formats that can be read, by file ending. */
export const dataEnding = /\.(parquet|jsonl?|ndjson|csv|tsv|txt)(\.gz|\.zst)?$/

/** The file's contents, decompressed. Throws InputError for a file that is not whole. */
export async function readBytes(file: DataFile): Promise<Uint8Array> {
  const bytes = file.member ?? (await readFile(file.path))
  try {
    if (file.name.endsWith('.gz')) return gunzipSync(bytes)
    if (file.name.endsWith('.zst')) return compressors.ZSTD!(bytes, 0)
  } catch (cause) {
    throw new InputError(`${file.name} is not a whole ${extname(file.name).slice(1)} file; download it again`, {
      cause,
    })
  }
  return bytes
}

/** The data files of a zip archive, sorted by name; any other file by itself. */
export async function membersOf(file: DataFile): Promise<DataFile[]> {
  if (!file.name.endsWith('.zip')) return [file]
  let members: Record<string, Uint8Array>
  try {
    members = unzipSync(await readFile(file.path), {
      filter: ({ name }) => dataEnding.test(name) && !/(^|\/)(__MACOSX|\.)/.test(name),
    })
  } catch (cause) {
    throw new InputError(`${file.name} is not a whole zip archive; download it again`, { cause })
  }
  const names = Object.keys(members).sort()
  if (names.length === 0)
    throw new InputError(
      `${file.name} holds no file in a format that can be read (parquet, jsonl, json, csv, tsv, txt)`,
    )
  return names.map((name) => ({ path: file.path, name: `${file.name}/${name}`, member: members[name]! }))
}
