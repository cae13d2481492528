import { existsSync } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import {
  type ByteSource,
  type HubOptions,
  InputError,
  openLocalFile,
  openRepositoryFile,
  type Repository,
  repositoryFile,
  repositoryFileIfPresent,
  resolveRepository,
} from '@saeval/hub'
import type { SaeReference } from '../registry/find-sae.js'
import type { WeightsFile } from './loader.js'
import type { TensorFile } from './tensor-file.js'

/** Which file an edit came from, so that a run can be traced and repeated. */
export interface SaeFileIdentity {
  /** Repository name or folder. */
  readonly place: string
  /** Commit of the repository; null for a folder. */
  readonly commit: string | null
  readonly path: string
  readonly byteLength: number
  /** Where it is known without reading the file: from the name of the cached blob. */
  readonly sha256: string | null
}

/** The files around one SAE. Paths are relative to the repository or folder. */
export interface SaePlace {
  readonly name: string
  text(path: string): Promise<string>
  weights(path: string, open: (source: ByteSource) => Promise<TensorFile>): WeightsFile
  /** Files used so far. */
  identities(): Promise<SaeFileIdentity[]>
  close(): Promise<void>
}

/** Opens the repository or folder that an SAE lies in. */
export async function openPlace(reference: SaeReference, hub: HubOptions): Promise<SaePlace> {
  const { place } = reference
  const repository =
    'repository' in place ? await resolveRepository({ type: 'model', name: place.repository, ...hub }) : null
  const folder = 'folder' in place ? resolve(place.folder) : null
  const name = 'repository' in place ? place.repository : place.folder
  const used = new Map<string, ByteSource | null>()
  const sources: ByteSource[] = []

  const localPath = async (path: string) => {
    if (repository) return repositoryFile(repository, path, hub)
    const full = join(folder!, path)
    if (!existsSync(full)) throw new InputError(`${name} has no file ${path}`)
    return full
  }
  const remember = (path: string, source: ByteSource) => {
    used.set(path, source)
    sources.push(source)
    return source
  }
  return {
    name,
    text: async (path) => {
      const text = await readFile(await localPath(path), 'utf8')
      used.set(path, used.get(path) ?? null)
      return text
    },
    weights: (path, open) => {
      let parts: Promise<TensorFile> | null = null
      let whole: Promise<TensorFile> | null = null
      return {
        path,
        parts: () => {
          parts ??= (repository ? openRepositoryFile(repository, path, hub) : localPath(path).then(openLocalFile)).then(
            (source) => open(remember(path, source)),
          )
          return parts
        },
        whole: () => {
          whole ??= localPath(path)
            .then(openLocalFile)
            .then((source) => open(remember(path, source)))
          return whole
        },
      }
    },
    identities: () =>
      Promise.all([...used].map(([path, source]) => identity(name, repository, folder, path, source, hub))),
    close: async () => {
      await Promise.all(sources.splice(0).map((source) => source.close()))
    },
  }
}

async function identity(
  place: string,
  repository: Repository | null,
  folder: string | null,
  path: string,
  source: ByteSource | null,
  hub: HubOptions,
): Promise<SaeFileIdentity> {
  const commit = repository?.commit ?? null
  const local = repository
    ? source === null
      ? await repositoryFileIfPresent(repository, path, hub)
      : join(repository.snapshotFolder, path)
    : join(folder!, path)
  if (local === null || !existsSync(local))
    return { place, commit, path, byteLength: source?.byteLength ?? 0, sha256: null }
  // huggingface_hub names the blob of a large file by its SHA-256
  const blob = basename(await realpath(local))
  return {
    place,
    commit,
    path,
    byteLength: (await stat(local)).size,
    sha256: /^[0-9a-f]{64}$/.test(blob) ? blob : null,
  }
}
