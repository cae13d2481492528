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
import { basename, exists, fileState, join, readText, realPath, resolve } from '@saeval/hub/internal/disk'
import type { SaeReference } from '../registry/find-sae.js'
import { readAhead } from '../tensors/read-ahead.js'

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
  /** Repository name or folder. */
  readonly name: string
  /** The same for all names of one folder or repository. */
  readonly root: string
  /** Weights files opened so far. */
  weights(): string[]
  /** A weights file, for reading in parts; what is on the hub is downloaded only where parts are not enough. */
  open(path: string): Promise<ByteSource>
  /** A configuration file; throws InputError when there is none. */
  text(path: string): Promise<string>
  /** null when there is no such file. */
  textIfPresent(path: string): Promise<string | null>
  /** Files used so far. */
  identities(): Promise<SaeFileIdentity[]>
  close(): Promise<void>
}

// configuration files are kilobytes
const longestText = 2 ** 20

/** Opens the repository or folder that an SAE lies in. */
export async function openPlace(reference: SaeReference, hub: HubOptions): Promise<SaePlace> {
  const { place, overrides } = reference
  const revision = typeof overrides.revision === 'string' ? { revision: overrides.revision } : {}
  const repository =
    'repository' in place
      ? await resolveRepository({ type: 'model', name: place.repository, ...revision, ...hub })
      : null
  const folder = 'folder' in place ? resolve(place.folder) : null
  const root =
    folder === null
      ? `${repository!.name.toLowerCase()}@${repository!.commit}`
      : exists(folder)
        ? await realPath(folder)
        : folder
  const name = 'repository' in place ? place.repository : place.folder
  const used = new Map<string, ByteSource | null>()
  const sources: ByteSource[] = []

  const localPath = async (path: string): Promise<string | null> => {
    if (repository) return repositoryFileIfPresent(repository, path, hub)
    const full = join(folder!, path)
    return exists(full) ? full : null
  }
  const textIfPresent = async (path: string) => {
    const file = await localPath(path)
    if (file === null) return null
    const { size } = await fileState(file)
    if (size > longestText) throw new InputError(`${name}/${path} has ${size} bytes, too many for a configuration file`)
    used.set(path, used.get(path) ?? null)
    return readText(file)
  }
  return {
    name,
    root,
    weights: () => [...used].flatMap(([path, source]) => (source === null ? [] : [path])),
    open: async (path) => {
      const source = repository
        ? readAhead(await openRepositoryFile(repository, path, hub))
        : await openLocalFile(join(folder!, path))
      used.set(path, source)
      sources.push(source)
      return source
    },
    text: async (path) => {
      const text = await textIfPresent(path)
      if (text !== null) return text
      // says whether the hub or the cache lacks it
      if (repository) await repositoryFile(repository, path, hub)
      throw new InputError(`${name} has no file ${path}`)
    },
    textIfPresent,
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
  if (local === null || !exists(local))
    return { place, commit, path, byteLength: source?.byteLength ?? 0, sha256: null }
  // huggingface_hub names the blob of a large file by its SHA-256
  const blob = basename(await realPath(local))
  return {
    place,
    commit,
    path,
    byteLength: (await fileState(local)).size,
    sha256: /^[0-9a-f]{64}$/.test(blob) ? blob : null,
  }
}
