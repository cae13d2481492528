import { randomUUID } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, realpath, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { cacheFolder, call, type HubOptions, InputError, type Notice, sentence } from '@saeval/hub'
import type { WriteSteps } from './checked-file.js'
import { commonFolder, type StoredTensor } from './checkpoint.js'
import type { StoredWeights } from './model-weights.js'

/** Folders of the cache in which derived files lie, by their kind. */
export const derivedFolders = ['quantized-weights', 'merged-weights'] as const

/** A file that is made from a model's weights, whose content is `Content` when it is read. */
export interface DerivedOptions<Content> {
  readonly modelName: string
  /** For messages: "int8 weights". */
  readonly what: string
  /** Folder of the cache, and the name there: other content, other name. */
  readonly folder: (typeof derivedFolders)[number]
  readonly fileName: () => Promise<string>
  /** Whether the file is worth keeping for the next run. */
  readonly keep: boolean
  readonly hub: HubOptions
  readonly notice: Notice
  /** What else the user can do where no file can be written. */
  readonly instead: string
  readonly read: (path: string) => Promise<{ readonly content: Content } | { readonly damage: string }>
  readonly write: (path: string, steps: WriteSteps) => Promise<void>
}

export interface DerivedFile<Content> {
  readonly path: string
  readonly content: Content
  /** Removes what was made for this run only. */
  dispose(): void
}

/**
 * Finds a derived file in the cache, or makes it: in the cache, or, where it cannot be written, in a temporary folder for this run. A file
 * appears in the cache whole or not at all; of two processes that make it, the later one replaces equal bytes by equal bytes. A damaged
 * file is made anew.
 */
export async function derivedFile<Content>(options: DerivedOptions<Content>): Promise<DerivedFile<Content>> {
  const { modelName, what, folder, keep, hub, notice, write } = options
  const cache = keep ? cacheFolder(hub.env) : null
  if (cache !== null) {
    const path = join(cache, folder, await options.fileName())
    try {
      return { path, content: await fromCache(path, options), dispose: () => {} }
    } catch (error) {
      if (!isDiskError(error)) throw error
      notice(`${cache} cannot be written (${error.message}): the ${what} of ${modelName} are made for this run only`)
    }
  }
  let remove = () => {}
  try {
    const temporary = await realpath(await mkdtemp(join(tmpdir(), 'saeval-weights-')))
    const removeAtExit = () => rmSync(temporary, { recursive: true, force: true })
    process.once('exit', removeAtExit)
    remove = () => {
      process.removeListener('exit', removeAtExit)
      removeAtExit()
    }
    const path = join(temporary, 'weights.safetensors')
    await write(path, steps(options))
    return { path, content: await readBack(path, options), dispose: remove }
  } catch (cause) {
    remove()
    if (!isDiskError(cause)) throw cause
    throw new InputError(
      `the ${what} of ${modelName} cannot be written (${cause.message}); set SAEVAL_CACHE to a folder with room, or ${options.instead}`,
      { cause },
    )
  }
}

async function fromCache<Content>(path: string, options: DerivedOptions<Content>): Promise<Content> {
  const { modelName, what, notice, read, write } = options
  if (existsSync(path)) {
    const found = await read(path)
    if ('content' in found) return found.content
    notice(`${path} is damaged (${found.damage}) and is made anew`)
  }
  await mkdir(dirname(path), { recursive: true })
  const part = `${path}.${randomUUID()}.part`
  notice(
    sentence`making the ${what} of ${modelName}, once, in ${path} (${call('listCachedWeights')} lists and clears such files)`,
  )
  try {
    await write(part, steps(options))
    await rename(part, path)
  } finally {
    await rm(part, { force: true })
  }
  return readBack(path, options)
}

async function readBack<Content>(path: string, { read }: DerivedOptions<Content>): Promise<Content> {
  const written = await read(path)
  if ('content' in written) return written.content
  throw new Error(`${path} could not be read back: ${written.damage}`)
}

function steps<Content>({ modelName, what, hub }: DerivedOptions<Content>): WriteSteps {
  return {
    signal: hub.signal,
    onProgress: (loaded, total) => hub.onProgress?.({ repo: modelName, path: what, loaded, total }),
  }
}

/** onnxruntime reads files below one folder: the nearest one above both a model's weights and another file, and tensors as seen from there. */
export async function besideWeights(
  stored: StoredWeights,
  path: string,
): Promise<{ readonly weights: StoredWeights; readonly beside: (tensor: StoredTensor) => StoredTensor }> {
  const own = dirname(await realpath(path))
  const folder = commonFolder(stored.folder, own)
  const below = (from: string) => {
    const way = relative(folder, from)
    if (isAbsolute(way)) throw new InputError(`${own} and ${stored.folder} are on different drives; set SAEVAL_CACHE`)
    return (tensor: StoredTensor) => ({ ...tensor, location: join(way, tensor.location).split(sep).join('/') })
  }
  const original = below(stored.folder)
  const weights = {
    ...stored,
    folder,
    tensor: (name: string) => original(stored.tensor(name)),
    slice: (name: string, index: number) => original(stored.slice(name, index)),
    rows: (name: string, start: number, end: number) => original(stored.rows(name, start, end)),
  }
  return { weights, beside: below(own) }
}

const diskErrors = [
  'EACCES',
  'ENOENT',
  'EPERM',
  'EROFS',
  'ENOSPC',
  'EDQUOT',
  'ENOTDIR',
  'EEXIST',
  'EIO',
  'EFBIG',
  'EMFILE',
]

function isDiskError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && diskErrors.includes((error as NodeJS.ErrnoException).code ?? '')
}
