import { readFile, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { InputError } from '@saeval/hub'
import { gunzipped, longestText, TooMuch, unzipped, unzstd } from './unpack.js'

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

/** The file's contents, unpacked. Throws InputError for a file that is not whole, or holds more than is read at once. */
export async function readBytes(file: DataFile): Promise<Uint8Array> {
  const packed = file.member ?? (await readWhole(file))
  const bytes = file.name.endsWith('.gz')
    ? await unpacked(file, () => gunzipped(packed))
    : file.name.endsWith('.zst')
      ? await unpacked(file, () => unzstd(packed))
      : packed
  refuseLong(file, bytes.length)
  return bytes
}

/** The data files of a zip archive, sorted by name; any other file by itself. Throws InputError for what is no file. */
export async function membersOf(file: DataFile): Promise<DataFile[]> {
  // opening a pipe would wait for its other end, and a device may have no end
  if (!(await stat(file.path)).isFile())
    throw new InputError(`${file.name} is not a regular file; data is read from files`)
  if (!file.name.endsWith('.zip')) return [file]
  const bytes = await readWhole(file)
  const members = await unpacked(file, () =>
    unzipped(bytes, (name) => dataEnding.test(name) && !/(^|\/)(__MACOSX|\.)/.test(name)),
  )
  const names = Object.keys(members).sort()
  if (names.length === 0)
    throw new InputError(
      `${file.name} holds no file in a format that can be read (parquet, jsonl, json, csv, tsv, txt)`,
    )
  return names.map((name) => ({ path: file.path, name: `${file.name}/${name}`, member: members[name]! }))
}

async function readWhole(file: DataFile): Promise<Uint8Array> {
  refuseLong(file, (await stat(file.path)).size)
  return readFile(file.path)
}

function refuseLong({ name }: DataFile, bytes: number): void {
  if (bytes > longestText)
    throw new InputError(`${name} holds more than 512 MiB, more than is read at once; divide it into several files`)
}

async function unpacked<Contents>(file: DataFile, step: () => Contents | Promise<Contents>): Promise<Contents> {
  try {
    return await step()
  } catch (cause) {
    if (cause instanceof TooMuch) throw new InputError(`${file.name} ${cause.message}`, { cause })
    const kind = extname(file.name) === '.zip' ? 'zip archive' : `${extname(file.name).slice(1)} file`
    throw new InputError(`${file.name} is not a whole ${kind}; download it again`, { cause })
  }
}
