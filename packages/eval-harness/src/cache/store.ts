import { createHash } from 'node:crypto'
import { closeSync, existsSync, fdatasyncSync, ftruncateSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { InputError, makeWritableFolder, type Notice, option, type Sentence, sentence, writeError } from '@saeval/hub'
import { encodeFrame } from './frames.js'
import { newFileName, storeFiles, tidyFiles, withFile, writeFully } from './store-files.js'
import { StoreIndex } from './store-index.js'

/** Values by key in a folder that processes may share; what is put survives the end of the process at any moment. */
export interface Store {
  /** Those of the keys that have a value, what other processes have put among them; values that are damaged are not there. */
  look(keys: readonly string[]): Map<string, unknown>
  /**
   * Stores all of the entries or, where the process ends meanwhile or nothing can be written, none; of a key's values the last one counts. They are
   * on the disk when it resolves.
   */
  put(entries: readonly (readonly [key: string, value: unknown])[]): Promise<void>
  close(): Promise<void>
}

/** The file that this process appends to. */
interface OwnFile {
  readonly name: string
  readonly path: string
  readonly descriptor: number
  bytes: number
}

/**
 * Opens (or begins) a store in a folder; `name` is the option that it is given by, `onNotice` is told of damage in a line. Throws InputError for a file, for
 * lm_eval's own caches, which do not say which model their answers are from, for those of earlier versions, and for folders that cannot
 * be written.
 */
export function openStore(path: string, name: string, onNotice: Notice = () => {}): Store {
  const folder = resolve(path)
  const place = sentence`${option(name)} ${path}`
  refuseOthers(folder, place)
  makeWritableFolder(sentence`${place}: no cache can be opened there`, folder)
  const index = new StoreIndex(folder, place, (places) =>
    onNotice(
      sentence`${place}: damaged in ${places} ${places === 1 ? 'place' : 'places'}; what was kept there is computed again`,
      'warning',
    ),
  )
  let own: OwnFile | null = null
  const begin = (): OwnFile => {
    const file = newFileName()
    const descriptor = openSync(join(folder, file), 'ax')
    // files of processes that ended are put in order by one that writes
    if (tidyFiles(folder, file, index.damaged)) index.reload()
    return { name: file, path: join(folder, file), descriptor, bytes: 0 }
  }
  /** Gives whether the frame is in a file that is still there. */
  const append = (frame: Buffer): boolean => {
    own ??= begin()
    const { descriptor, bytes, name, path } = own
    try {
      writeFully(descriptor, frame)
      fdatasyncSync(descriptor)
    } catch (cause) {
      ftruncateSync(descriptor, bytes)
      throw cause
    }
    own.bytes += frame.length
    index.enter(name, frame, bytes)
    if (existsSync(path)) return true
    // merged into another or removed, perhaps before this was appended
    closeSync(descriptor)
    own = null
    return false
  }
  return {
    look: (keys) => index.look(keys),
    put: async (entries) => {
      if (entries.length === 0) return
      try {
        const frame = encodeFrame(entries)
        while (!append(frame));
      } catch (cause) {
        throw writeError(sentence`${place}: cannot be written`, cause, folder)
      }
    },
    close: async () => {
      if (own !== null) closeSync(own.descriptor)
      own = null
    },
  }
}

/** Removes a store from its folder, those of earlier versions too; other files stay. */
export function removeStore(path: string): void {
  const folder = resolve(path)
  if (!existsSync(folder)) return
  for (const name of [...storeFiles(folder).map(({ name }) => name), ...formerFiles])
    rmSync(join(folder, name), { force: true })
}

/** Files of the versions that kept answers in LMDB. */
const formerFiles = ['data.mdb', 'lock.mdb']

function refuseOthers(folder: string, place: Sentence): void {
  // lm_eval keeps P_rank0.db beside the path that is given
  for (const file of [folder, `${folder}_rank0.db`])
    if (existsSync(file) && statSync(file).isFile() && isSqlite(file))
      throw new InputError(
        sentence`${place}: ${file} is a cache of lm_eval, which does not tell which model its answers are from; name another path`,
      )
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new InputError(sentence`${place} is a file; saeval keeps its cache in a folder`)
  if (existsSync(join(folder, formerFiles[0]!)))
    throw new InputError(
      sentence`${place} holds the cache of an earlier version of saeval (data.mdb), which is no longer read; name another folder, or delete data.mdb and lock.mdb there`,
    )
}

function isSqlite(file: string): boolean {
  const head = Buffer.alloc(16)
  withFile(file, (descriptor) => readSync(descriptor, head, 0, head.length, 0))
  return head.toString('latin1').startsWith('SQLite format 3')
}

/** A key for what `parts` say, as JSON. */
export function storeKey(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
