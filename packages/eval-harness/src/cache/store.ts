import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { InputError, makeFolder, option, SentenceError, sentence } from '@saeval/hub'
import { open } from 'lmdb'
import { isDamagedDatabase } from './database-file.js'

/** Values by key in a folder; what is stored survives the end of the process at any moment. */
export interface Store {
  /** undefined where nothing is stored. */
  get(key: string): unknown
  /** Stores all of the entries or, where the process ends meanwhile or nothing can be written, none. */
  put(entries: readonly (readonly [key: string, value: unknown])[]): Promise<void>
  /** Forgets everything. */
  clear(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens (or begins) a store in a folder; `name` is the option that it is given by. Throws InputError for a file, for lm_eval's own caches, which do not
 * say which model their answers are from, for damaged stores, and for folders that cannot be written.
 */
export function openStore(path: string, name: string): Store {
  const folder = resolve(path)
  refuseSqlite(folder, path, name)
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new InputError(sentence`${option(name)} ${path} is a file; saeval keeps its cache in a folder`)
  try {
    makeFolder(folder)
    if (isDamagedDatabase(join(folder, 'data.mdb')))
      throw new Error('its data.mdb is damaged, or no cache of this version; delete it, or name another folder')
    const database = open<unknown, string>({ path: folder, noSubdir: false, compression: true })
    return {
      get: (key) => database.get(key),
      put: async (entries) => {
        try {
          // lmdb's other kind of transaction ends the process where the disk is full
          database.transactionSync(() => {
            for (const [key, value] of entries) database.putSync(key, value)
          })
        } catch (cause) {
          throw new SentenceError(
            sentence`${option(name)} ${path}: cannot be written (is the disk full?): ${(cause as Error).message}`,
            {
              cause,
            },
          )
        }
        await database.flushed
      },
      clear: () => database.clearAsync(),
      close: () => database.close(),
    }
  } catch (cause) {
    throw new InputError(sentence`${option(name)} ${path}: no cache can be opened there: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** lm_eval keeps P_rank0.db beside the path that is given. */
function refuseSqlite(folder: string, path: string, name: string): void {
  for (const file of [folder, `${folder}_rank0.db`]) {
    if (!existsSync(file) || !statSync(file).isFile() || !isSqlite(file)) continue
    throw new InputError(
      sentence`${option(name)} ${path}: ${file} is a cache of lm_eval, which does not tell which model its answers are from; name another path`,
    )
  }
}

function isSqlite(file: string): boolean {
  const head = Buffer.alloc(16)
  const descriptor = openSync(file, 'r')
  try {
    readSync(descriptor, head, 0, head.length, 0)
  } finally {
    closeSync(descriptor)
  }
  return head.toString('latin1').startsWith('SQLite format 3')
}

/** A key for what `parts` say, as JSON. */
export function storeKey(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
