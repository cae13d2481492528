import { fstatSync } from 'node:fs'
import { join } from 'node:path'
import { InputError, type Sentence, sentence } from '@saeval/hub'
import { decodeEntry, eachEntry, fileWindow, readFrames, shortKey } from './frames.js'
import { KeyIndex, type KeyPlace } from './key-index.js'
import { storeFiles, withFile } from './store-files.js'

/** So often a folder is read anew because another process has merged some of its files meanwhile. */
const mostTries = 5

/** A file, and up to where it is in the index. */
interface IndexedFile {
  readonly name: string
  readonly number: number
  end: number
}

/** A key that is looked up, and where its entry is said to be. */
type Wanted = readonly [key: string, place: KeyPlace]

/** What stands in the files of a store. `store` names it in messages; `onDamage` is told in how many places there are no whole frames. */
export class StoreIndex {
  /** Names of files in which damage was found. */
  readonly damaged = new Set<string>()
  readonly #folder: string
  readonly #store: Sentence
  readonly #onDamage: (places: number) => void
  #places = new KeyIndex()
  #files: IndexedFile[] = []
  #byName = new Map<string, IndexedFile>()

  constructor(folder: string, store: Sentence, onDamage: (places: number) => void) {
    this.#folder = folder
    this.#store = store
    this.#onDamage = onDamage
    this.#refresh()
  }

  /** Those of the keys that have a value now. Throws InputError where the files cannot be read. */
  look(keys: readonly string[]): Map<string, unknown> {
    this.#refresh()
    for (let tries = 1; ; tries++) {
      const values = new Map<string, unknown>()
      if (this.#read(keys, values) || tries === mostTries) return values
      this.reload()
    }
  }

  /** Enters a frame that was appended to a file. */
  enter(name: string, frame: Buffer, position: number): void {
    this.#enter(this.#file(name), frame, position)
  }

  /** Reads all files again. */
  reload(): void {
    this.#places = new KeyIndex()
    this.#files = []
    this.#byName = new Map()
    this.#refresh()
  }

  #file(name: string): IndexedFile {
    const file = this.#byName.get(name) ?? { name, number: this.#files.length, end: 0 }
    this.#files[file.number] = file
    this.#byName.set(name, file)
    return file
  }

  #enter(file: IndexedFile, frame: Buffer, position: number): void {
    const { number } = file
    eachEntry(frame, (high, low, offset, bytes) => this.#places.set(high, low, number, position + offset, bytes))
    file.end = position + frame.length
  }

  /** Enters what is new in the folder. */
  #refresh(tries = 1): void {
    let places = 0
    let isWhole = true
    for (const { name, bytes } of this.#reading(() => storeFiles(this.#folder)) ?? []) {
      const file = this.#file(name)
      if (bytes <= file.end) continue
      const isNew = file.end === 0
      const read = this.#open(name, (descriptor) =>
        readFrames(descriptor, file.end, bytes, (frame, position) => this.#enter(file, frame, position)),
      )
      isWhole &&= read !== null
      if (read === null) continue
      file.end = read.end
      // one that grows is being written at its end
      const found = read.damaged + (isNew && read.isTorn ? 1 : 0)
      if (found > 0 && !this.damaged.has(name)) places += found
      if (found > 0) this.damaged.add(name)
    }
    if (places > 0) this.#onDamage(places)
    if (!isWhole && tries < mostTries) this.#refresh(tries + 1)
  }

  /** Reads the values of keys; gives whether all files are still there. */
  #read(keys: readonly string[], values: Map<string, unknown>): boolean {
    const byFile = new Map<number, Wanted[]>()
    for (const key of keys) {
      const place = this.#places.get(...shortKey(Buffer.from(key.slice(0, 16), 'hex')))
      if (place === undefined) continue
      const list = byFile.get(place.file) ?? []
      list.push([key, place])
      byFile.set(place.file, list)
    }
    let isWhole = true
    for (const [number, list] of byFile) {
      const read = this.#open(this.#files[number]!.name, (descriptor) => {
        const view = fileWindow(descriptor, fstatSync(descriptor).size, 2 ** 16)
        // entries that were put together stand together
        for (const [key, place] of list.sort(([, a], [, b]) => a.offset - b.offset)) {
          const entry = view(place.offset, place.bytes)
          const value = entry.length === place.bytes ? decodeEntry(entry, key) : undefined
          if (value !== undefined) values.set(key, value)
        }
        return true
      })
      isWhole &&= read !== null
    }
    return isWhole
  }

  /** null where there is no such file any more. */
  #open<Result>(name: string, read: (descriptor: number) => Result): Result | null {
    return this.#reading(() => withFile(join(this.#folder, name), read))
  }

  #reading<Result>(read: () => Result): Result | null {
    try {
      return read()
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      // on network disks a file that another host has removed is stale
      if (code === 'ENOENT' || code === 'ESTALE') return null
      throw new InputError(sentence`${this.#store}: the cache cannot be read: ${(cause as Error).message}`, { cause })
    }
  }
}
