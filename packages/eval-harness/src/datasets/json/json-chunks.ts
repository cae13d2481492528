import { InputError } from '@saeval/hub'
import { isDict, type PyDict, type PyValue } from '@saeval/python/internal/values/value'
import { type DataFile, readBytes } from '../files/data-file.js'
import { decodeText } from '../files/encodings.js'
import type { Chunk } from '../tables/table-split.js'
import { decodedText, throughUjson, ujsonLoads } from '../tables/ujson.js'
import { chunkOf } from './chunk-of.js'
import { type Document, invalid, readDocuments, readList } from './documents.js'
import { fieldChunk } from './field-chunk.js'
import { inferFeatures, MixedTypes, mixedStructs, type Path, pathKey } from './infer.js'

/** How JSON files are read. */
export interface JsonReading {
  /** Key of the list of documents in files that are one object. */
  readonly field: string | null
  readonly encoding: string
}

/** Bytes that datasets reads at once, to the end of the line in which they end. */
const batchSize = 10 * 2 ** 20

/**
 * JSON files as `datasets` reads them: JSON lines, or a list of documents, typed ten megabytes at a time. Where kinds of values are mixed the
 * first batch makes a column (or a part of one) Json, and then every number goes through pandas' ujson, which keeps ten decimals.
 * Throws InputError naming file and line.
 */
export async function* jsonChunks(files: readonly DataFile[], { field, encoding }: JsonReading): AsyncGenerator<Chunk> {
  const json: Path[] = []
  let first = true
  for (const file of files) {
    const text = decodeText(await readBytes(file), encoding, file.name)
    try {
      if (field !== null) {
        yield fieldChunk(text, field, file.name)
        continue
      }
      for (const batch of batches(text.replace(/^\ufeff/, ''), file.name)) {
        yield typedChunk(batch, file.name, json, first)
        first = false
      }
    } catch (cause) {
      throw cause instanceof RangeError ? invalid(file.name, cause) : cause
    }
  }
}

/** Documents that are typed together. */
interface Batch {
  /** Null where ujson cannot read every line by itself. */
  readonly lines: (() => readonly PyDict[]) | null
  readonly rows: readonly PyDict[]
}

function* batches(text: string, name: string): Generator<Batch> {
  if (text.startsWith('[')) {
    const rows = readList(text, name)
    yield { lines: () => rows, rows: rows.map((row) => throughUjson(row) as PyDict) }
    return
  }
  for (let at = 0, line = 0; at < text.length; ) {
    let end = text.length - at > batchSize ? text.indexOf('\n', at + batchSize) : text.length
    if (end < 0) end = text.length
    const documents = readDocuments(text, at, end, name, line)
    yield batchOf(documents, name)
    line = documents.endLine
    at = end + 1
  }
}

function batchOf({ documents, oneEachLine }: ReturnType<typeof readDocuments>, name: string): Batch {
  return {
    lines: oneEachLine ? () => documents.map((document) => byUjson(document, name)) : null,
    rows: documents.map(({ value }) => value),
  }
}

function byUjson({ text, line }: Document, name: string): PyDict {
  try {
    return ujsonLoads(text()) as PyDict
  } catch (cause) {
    throw new InputError(`${name}:${line}: datasets cannot read this document: ${(cause as Error).message}`, { cause })
  }
}

function typedChunk({ lines, rows }: Batch, name: string, json: Path[], first: boolean): Chunk {
  if (first && lines !== null) json.push(...mixedStructs(rows))
  for (;;) {
    const keys = new Set(json.map(pathKey))
    try {
      if (json.length > 0 && lines === null) throw new MixedTypes(json[0]!)
      const read = json.length === 0 ? rows : lines!().map((row) => encoded(row, [], keys) as PyDict)
      return chunkOf(read, inferFeatures(read, keys), name)
    } catch (cause) {
      if (!(cause instanceof MixedTypes)) throw cause
      if (lines === null || !first)
        throw new InputError(
          `${name}, column ${cause.message}, which datasets cannot read ${first ? 'beside blank lines or several documents in one' : 'where the first rows have one kind'}`,
          { cause },
        )
      const beginnings = json.filter((path) => !pathKey(path).startsWith(pathKey(cause.path)))
      json.splice(0, json.length, ...beginnings, cause.path)
    }
  }
}

/** A document after datasets has written it anew: what is Json and a text that is JSON becomes what that text says. */
function encoded(value: PyValue, path: (string | 0)[], json: ReadonlySet<string>): PyValue {
  if (value === null) return null
  if (json.has(pathKey(path))) return typeof value === 'string' ? decodedText(value) : throughUjson(value, true)
  if (Array.isArray(value)) return value.map((item) => encoded(item, [...path, 0], json))
  if (!isDict(value)) return throughUjson(value)
  return new Map([...value].map(([key, item]) => [key, encoded(item, [...path, key], json)]))
}
