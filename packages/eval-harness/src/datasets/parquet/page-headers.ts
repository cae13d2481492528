import { mostUnpacked } from '../files/unpack.js'

/** What the pages of a column chunk say of themselves, added up. */
export interface PageSums {
  /** Values of data pages, with those that are null. */
  readonly values: number
  /** Bytes after unpacking. */
  readonly bytes: number
}

/** How many values a file of so many bytes may have; runs of equal ones take no room in it, but all of them take some in memory. */
export function mostValues(fileBytes: number): number {
  return Math.max(2 ** 24, 64 * fileBytes)
}

/**
 * Reads the headers of a chunk's pages, before any memory is taken for what they announce. Throws Error for headers that contradict their chunk,
 * RangeError for those that end too early.
 */
export function pageSums(chunk: DataView): PageSums {
  const reader = new HeaderReader(chunk)
  const sums = { values: 0, bytes: 0 }
  while (reader.at < chunk.byteLength - 1) {
    const fields = reader.struct()
    const number = (field: string) => fields.get(field) ?? 0
    const [type, unpacked, packed] = [number('1'), number('2'), number('3')]
    const values = type === 0 ? number('5.1') : type === 3 ? number('8.1') : 0
    const entries = type === 2 ? number('7.1') : 0
    reader.at += packed
    const isSound = [unpacked, packed, values, entries].every((count) => count >= 0)
    if (!isSound || entries > unpacked || reader.at > chunk.byteLength || unpacked > mostUnpacked(chunk.byteLength))
      throw new Error('a page that cannot be')
    sums.values += values
    sums.bytes += unpacked
  }
  return sums
}

/** Thrift's compact protocol, of which only whole numbers are kept. */
class HeaderReader {
  at = 0

  constructor(readonly view: DataView) {}

  /** The whole numbers of a struct by their field ids, those of structs in it as "5.1". */
  struct(within = '', found = new Map<string, number>()): ReadonlyMap<string, number> {
    for (let id = 0; ; ) {
      const head = this.#byte()
      const type = head & 15
      if (type === 0) return found
      id = head >> 4 === 0 ? this.#zigzag() : id + (head >> 4)
      this.#value(type, `${within}${id}`, found)
    }
  }

  #value(type: number, field: string, found: Map<string, number>): void {
    if (type >= 4 && type <= 6) found.set(field, this.#zigzag())
    else if (type === 3 || type === 7) this.#skip(type === 3 ? 1 : 8)
    else if (type === 8) this.#skip(this.#varint())
    else if (type === 9) this.#list(field)
    else if (type === 12) this.struct(`${field}.`, found)
    else if (type > 2) throw new Error('a type that page headers do not have')
  }

  #list(field: string): void {
    const head = this.#byte()
    const length = head >> 4 === 15 ? this.#varint() : head >> 4
    for (let item = 0; item < length; item++) this.#value((head & 15) <= 2 ? 3 : head & 15, field, new Map())
  }

  #skip(bytes: number): void {
    this.at += bytes
  }

  #byte(): number {
    return this.view.getUint8(this.at++)
  }

  #varint(): number {
    let number = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = this.#byte()
      number += (byte & 127) * shift
      if (byte < 128) return number
    }
  }

  #zigzag(): number {
    const number = this.#varint()
    return number % 2 === 0 ? number / 2 : -(number + 1) / 2
  }
}
