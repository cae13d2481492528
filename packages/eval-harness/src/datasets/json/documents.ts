import { InputError } from '@saeval/hub'
import { JsonParser } from '@saeval/python/internal/json/json-parser'
import { isDict, type PyDict, type PyValue } from '@saeval/python/internal/values/value'
import { ujsonLoads } from '../tables/ujson.js'

/** A document of a JSON lines file. */
export interface Document {
  readonly value: PyDict
  /** Its text. */
  readonly text: () => string
  /** Its line in the file. */
  readonly line: number
}

/** What a batch of a file holds. */
export interface Documents {
  readonly documents: readonly Document[]
  /** Whether every line holds one document and nothing else, so that ujson reads each by itself. */
  readonly oneEachLine: boolean
  readonly endLine: number
}

/**
 * The documents between two places of a text, one after the other with any white space between, as pyarrow reads them: duplicate keys,
 * lone surrogates and control characters are errors. Throws InputError naming the line.
 */
export function readDocuments(text: string, start: number, end: number, name: string, linesBefore: number): Documents {
  const documents: Document[] = []
  const parser = new JsonParser(text, { strict: true }, start, end)
  let [oneEachLine, line, counted] = [true, linesBefore + 1, start]
  const countTo = (place: number) => {
    let breaks = 0
    for (let at = text.indexOf('\n', counted); at >= 0 && at < place; at = text.indexOf('\n', at + 1)) breaks++
    line += breaks
    counted = place
    return breaks
  }
  while (parser.more()) {
    const from = parser.at
    const breaks = countTo(from)
    // the first document follows no other one
    oneEachLine &&= documents.length === 0 ? breaks === 0 : breaks === 1
    const value = parse(parser, name, () => line + countTo(parser.at))
    if (!isDict(value)) throw new InputError(`${name}:${line}: a document must be a JSON object`)
    const to = parser.at
    oneEachLine &&= countTo(to) === 0 && !hasLargeNumber(value)
    documents.push({ value, text: () => text.slice(from, to), line })
  }
  const left = text.slice(counted, end)
  countTo(end)
  return { documents, oneEachLine: oneEachLine && /^[ \t\r]*\n?$/.test(left), endLine: line }
}

function parse(parser: JsonParser, name: string, line: () => number): PyValue {
  try {
    return parser.value()
  } catch (cause) {
    throw invalid(`${name}:${line()}`, cause)
  }
}

/** Whole numbers beyond 64 bits, which ujson cannot read. */
function hasLargeNumber(value: PyValue): boolean {
  if (typeof value === 'bigint') return value >= 2n ** 64n || value < -(2n ** 63n)
  if (Array.isArray(value)) return value.some(hasLargeNumber)
  return isDict(value) && [...value.values()].some(hasLargeNumber)
}

const mostItems = 1_000_000

/** What ended the reading of JSON as a sentence; JavaScript's stack ends where values are nested too deeply. */
export function invalid(place: string, cause: unknown): InputError {
  const because =
    cause instanceof RangeError ? 'its values are nested too deeply, or too long' : (cause as Error).message
  return new InputError(`${place}: not valid JSON: ${because}`, { cause })
}

/** A file that is one list of documents, or of other values, which become the column `text`. Throws InputError. */
export function readList(text: string, name: string): PyDict[] {
  const objects = text.slice(0, 100).split('"', 1)[0]!.includes('{')
  let list: PyValue
  try {
    list = ujsonLoads(text)
  } catch (cause) {
    throw invalid(name, cause)
  }
  if ((list as readonly PyValue[]).length > mostItems)
    throw new InputError(`${name}: its list has more than ${mostItems} items; write them as JSON lines, one in each`)
  return (list as readonly PyValue[]).map((row, index) => {
    if (!objects) return new Map([['text', row]])
    if (isDict(row)) return row
    throw new InputError(`${name}: item ${index} of the list is no JSON object`)
  })
}
