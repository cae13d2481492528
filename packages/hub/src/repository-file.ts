import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, open, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { FileDownloadInfoOutput } from '@huggingface/hub'
import { askHub, isCacheOnly } from './ask-hub.js'
import { type ByteSource, seekCost } from './byte-source.js'
import { shown } from './checks/shown.js'
import { claimInTurn } from './claims/claim-in-turn.js'
import { openClaims } from './claims/claims.js'
import { ownerText } from './claims/owner-text.js'
import { WrongAnswerError } from './hub-errors.js'
import { hubFetch, StalledError } from './hub-fetch.js'
import { hubLibrary } from './hub-library.js'
import { type HubOptions, hubSettings } from './hub-settings.js'
import { InputError } from './input-error.js'
import { openLocalFile } from './local-file.js'
import { makeWritableFolder } from './make-folder.js'
import { type Repository, snapshotPath } from './repository.js'
import { writeError } from './write-error.js'

/** Absolute path of a file in the cache, downloaded first if need be. Throws InputError when the repository has no such file. */
export async function repositoryFile(repository: Repository, path: string, options: HubOptions = {}): Promise<string> {
  const found = await repositoryFileIfPresent(repository, path, options)
  if (found !== null) return found
  throw missing(repository, path, options)
}

/** Like repositoryFile, but null when the repository has no such file (offline: when the cache has none). */
export async function repositoryFileIfPresent(
  repository: Repository,
  path: string,
  options: HubOptions = {},
): Promise<string | null> {
  const cached = snapshotPath(repository, path)
  if (existsSync(cached)) return cached
  const info = await downloadInfo(repository, path, options)
  if (info === null) return null
  await download(repository, path, info, options)
  return cached
}

/** Random access to a file without downloading it whole: from the cache if it is there, else by range requests. */
export async function openRepositoryFile(
  repository: Repository,
  path: string,
  options: HubOptions = {},
): Promise<ByteSource> {
  const cached = snapshotPath(repository, path)
  if (existsSync(cached)) return openLocalFile(cached)
  const info = await downloadInfo(repository, path, options)
  if (info === null) throw missing(repository, path, options)
  const blob = await openBlob(repository, path, info, options)
  const name = `${repository.name}/${path}`
  let whole: Promise<ByteSource> | null = null
  return {
    name,
    byteLength: info.size,
    get seekCost() {
      return whole === null ? seekCost.http : seekCost.disk
    },
    read: async (offset, length) => {
      if (whole !== null) return (await whole).read(offset, length)
      if (offset < 0 || length < 0 || offset + length > info.size) {
        throw new InputError(
          `${name} ends at byte ${info.size}, but bytes ${offset} to ${offset + length} were expected: the file is damaged`,
        )
      }
      if (length === 0) return new Uint8Array(0)
      const bytes = await readPersistently(name, options, async () => {
        return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer())
      })
      if (bytes.length !== length) throw new Error(`${name}: asked for ${length} bytes, got ${bytes.length}`)
      return bytes
    },
    fetchWhole: async () => {
      whole ??= download(repository, path, info, options).then(() => openLocalFile(cached))
      await whole.catch((error) => {
        whole = null
        throw error
      })
    },
    close: async () => {
      await whole?.then((source) => source.close()).catch(() => {})
    },
  }
}

function missing(repository: Repository, path: string, options: HubOptions): InputError {
  const { name, revision } = repository
  if (!isCacheOnly(repository, options)) return new InputError(`${name} (revision ${revision}) has no file ${path}`)
  const { offline, endpoint } = hubSettings(options.env)
  const why = offline
    ? 'HF_HUB_OFFLINE is set; unset it to download the file'
    : `${endpoint} cannot be reached; check the network and HF_ENDPOINT`
  return new InputError(`${path} of ${name} (revision ${revision}) is not in the cache and ${why}`)
}

function request(repository: Repository, path: string, options: HubOptions, most?: number) {
  const { type, name, commit, revision } = repository
  return {
    repo: { type, name },
    revision: commit,
    // the library puts the path into the URL as it is
    path: path.split('/').map(encodeURIComponent).join('/'),
    hubUrl: hubSettings(options.env).endpoint,
    fetch: hubFetch({ type, name, revision, path }, options, { most }),
  }
}

function downloadInfo(
  repository: Repository,
  path: string,
  options: HubOptions,
): Promise<FileDownloadInfoOutput | null> {
  return askHub(repository, options, async () => {
    const { fileDownloadInfo, InvalidApiResponseFormatError } = await hubLibrary()
    const where = `${repository.name}/${path}`
    const info = await fileDownloadInfo(request(repository, path, options)).catch((cause: unknown) => {
      if (!(cause instanceof InvalidApiResponseFormatError)) throw cause
      throw new WrongAnswerError(`the hub does not say what ${where} is (${cause.message})`, { cause })
    })
    if (info !== null && !(Number.isSafeInteger(info.size) && info.size >= 0))
      throw new WrongAnswerError(`the hub gives ${where} a size that is none: ${info.size}`)
    return info
  })
}

async function openBlob(
  repository: Repository,
  path: string,
  info: FileDownloadInfoOutput,
  options: HubOptions,
): Promise<Blob> {
  const { downloadFile } = await hubLibrary()
  const { fetch, ...asked } = request(repository, path, options, info.xet ? undefined : info.size)
  const blob = await downloadFile({
    ...asked,
    downloadInfo: info,
    fetch: info.xet ? fetch : ofOneVersion(fetch, asked.path),
  })
  if (blob === null) throw missing(repository, path, options)
  return blob
}

/** A fetch whose answers are all of one file: parts of two versions make none. */
function ofOneVersion(send: typeof fetch, path: string): typeof fetch {
  let first: string | null = null
  return async (input, init) => {
    const response = await send(input, init)
    const etag = response.headers.get('etag')?.replace(/^W\//, '') ?? null
    first ??= etag
    if (etag === first) return response
    await response.body?.cancel()
    throw new WrongAnswerError(`${path} has changed at the hub while it was read; run the command again`)
  }
}

const readAttempts = 5
const stalledAttempts = 2

/** What `read` gives, again where the connection breaks: that is no sentence of ours, or StalledError. */
async function readPersistently<T>(name: string, { signal }: HubOptions, read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read()
    } catch (cause) {
      signal?.throwIfAborted()
      const isStalled = cause instanceof StalledError
      if (!isStalled && !(cause instanceof TypeError)) throw cause
      if (attempt < (isStalled ? stalledAttempts : readAttempts)) continue
      throw new Error(
        `${name} did not arrive: ${isStalled ? cause.message : 'the connection breaks'}; run the command again`,
        { cause },
      )
    }
  }
}

/**
 * Downloads into the blobs folder under a name of its own, checks size and (for large files, whose etag is one) SHA-256, and only then
 * gives the file its final name: an interrupted download never looks whole, and two processes may download the same file at once.
 */
async function download(
  repository: Repository,
  path: string,
  info: FileDownloadInfoOutput,
  options: HubOptions,
): Promise<void> {
  const etag = info.etag.replace(/^W\//, '').replaceAll('"', '')
  if (!/^[\w-][\w.-]{0,127}$/.test(etag))
    throw new WrongAnswerError(`${repository.name}/${path} has an etag that is no file name: ${shown(info.etag)}`)
  const blobPath = join(repository.folder, 'blobs', etag)
  if (!existsSync(blobPath)) {
    makeWritableFolder('the Hugging Face cache', dirname(blobPath))
    // of many processes that share a cache one downloads, the others wait
    const claim = await claimInTurn(openClaims(dirname(blobPath)), etag, {
      isDone: () => existsSync(blobPath),
      signal: options.signal,
      onWait: (state) =>
        options.onNotice?.(`${ownerText(state)} is downloading ${path} of ${repository.name}; waiting`),
    })
    const partial = `${blobPath}.${randomUUID()}.incomplete`
    if (claim === null) return linkSnapshot(repository, path, blobPath)
    try {
      const sha256 = await fetchInto(partial, repository, path, info, options)
      if (/^[0-9a-f]{64}$/.test(etag) && sha256 !== etag)
        throw new Error(`${repository.name}/${path} arrived damaged (its SHA-256 is not ${etag}); try again`)
      await rename(partial, blobPath)
    } finally {
      claim.release()
      await rm(partial, { force: true })
    }
  }
  await linkSnapshot(repository, path, blobPath)
}

/** Writes the file's bytes, resuming where a broken connection stopped; returns their SHA-256. */
async function fetchInto(
  partial: string,
  repository: Repository,
  path: string,
  info: FileDownloadInfoOutput,
  options: HubOptions,
): Promise<string> {
  const where = `${repository.name}/${path}`
  const blob = await openBlob(repository, path, info, options)
  const hash = createHash('sha256')
  const file = await open(partial, 'wx')
  let loaded = 0
  let stalls = 0
  try {
    for (let attempt = 1; loaded < info.size; attempt++) {
      let wrong: Error | null = null
      let broken: unknown = null
      try {
        for await (const chunk of blob.slice(loaded, info.size).stream() as unknown as AsyncIterable<Uint8Array>) {
          options.signal?.throwIfAborted()
          wrong = loaded + chunk.length > info.size ? new Error(`${where} is longer than the hub says`) : null
          await file.writeFile(chunk).catch((cause) => {
            wrong = writeError(`cannot write ${partial}`, cause)
          })
          if (wrong !== null) break
          hash.update(chunk)
          loaded += chunk.length
          options.onProgress?.({ repo: repository.name, path, loaded, total: info.size })
        }
      } catch (cause) {
        options.signal?.throwIfAborted()
        broken = cause
        if (cause instanceof StalledError) stalls++
      }
      if (wrong !== null) throw wrong
      if (loaded < info.size && (attempt === readAttempts || stalls === stalledAttempts)) {
        // @huggingface/hub hands on some errors as their messages
        const why = broken instanceof Error && !(broken instanceof TypeError) ? broken.message : broken
        const reason = typeof why === 'string' ? ` (${why})` : ''
        throw new Error(
          `the download of ${where} broke off at byte ${loaded} of ${info.size}${reason}; run the command again`,
          {
            cause: broken,
          },
        )
      }
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}

/** The snapshot's entry: a relative link to the blob as huggingface_hub makes it, a copy where links are not possible. */
async function linkSnapshot(repository: Repository, path: string, blobPath: string): Promise<void> {
  const entry = snapshotPath(repository, path)
  makeWritableFolder('the Hugging Face cache', dirname(entry))
  const temporary = `${entry}.${randomUUID()}.tmp`
  try {
    await symlink(relative(dirname(entry), blobPath), temporary).catch(() => copyFile(blobPath, temporary))
    await rename(temporary, entry)
  } finally {
    await rm(temporary, { force: true })
  }
}
