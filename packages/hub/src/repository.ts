import { readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { canGoOn, goOnWithCache } from './ask-hub.js'
import { shown } from './checks/shown.js'
import { WrongAnswerError } from './hub-errors.js'
import { type HubOptions, hubSettings } from './hub-settings.js'
import { InputError } from './input-error.js'
import { makeWritableFolder } from './make-folder.js'

export type RepositoryType = 'model' | 'dataset'

/** A repository at one commit, with its place in the cache. */
export interface Repository {
  readonly type: RepositoryType
  /** "google/gemma-2-2b" */
  readonly name: string
  /** Branch, tag or commit as asked for; "main" by default. */
  readonly revision: string
  /** 40 hexadecimal digits. */
  readonly commit: string
  /** …/models--google--gemma-2-2b */
  readonly folder: string
  /** …/snapshots/<commit>; exists once a file has been downloaded. */
  readonly snapshotFolder: string
}

const commitPattern = /^[0-9a-f]{40}$/

/**
 * Finds the commit behind a revision, from the hub or (offline, or where the hub cannot be reached) from the cache's refs, and notes it in
 * the cache as Python's huggingface_hub does. Throws InputError for a repository or revision that is not there or may not be read.
 */
export async function resolveRepository(
  options: { type: RepositoryType; name: string; revision?: string } & HubOptions,
): Promise<Repository> {
  const { type, name, revision = 'main' } = options
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(name) || name.includes('..')) {
    throw new InputError(`"${name}" is not a repository name like organisation/name`)
  }
  const settings = hubSettings(options.env)
  const folder = join(settings.cacheFolder, `${type}s--${name.replaceAll('/', '--')}`)
  const at = (commit: string): Repository => {
    return { type, name, revision, commit, folder, snapshotFolder: join(folder, 'snapshots', commit) }
  }
  if (commitPattern.test(revision)) return at(revision)

  const reference = join(folder, 'refs', revision)
  if (!isInside(join(folder, 'refs'), reference)) throw new InputError(`"${revision}" is not a revision of ${name}`)
  const cached = await readFile(reference, 'utf8').then(
    (text) => (commitPattern.test(text.trim()) ? at(text.trim()) : null),
    () => null,
  )
  if (settings.offline) {
    if (cached !== null) return cached
    throw new InputError(
      `${name} (revision ${revision}) is not in the cache at ${settings.cacheFolder} and HF_HUB_OFFLINE is set; unset it to download, or point HF_HOME at a cache that has it`,
    )
  }
  let sha: string
  try {
    const { hubCommit } = await import('./hub-commit.js')
    sha = await hubCommit({ type, name, revision }, options)
    if (!commitPattern.test(sha))
      throw new WrongAnswerError(`${settings.endpoint} about ${name}: sha is ${shown(sha)}, expected a commit`)
  } catch (cause) {
    if (cached === null || !canGoOn(cause, options)) throw cause
    goOnWithCache(cached, options)
    return cached
  }
  await writeReference(reference, sha)
  return at(sha)
}

async function writeReference(path: string, commit: string): Promise<void> {
  makeWritableFolder('the Hugging Face cache', dirname(path))
  const temporary = `${path}.${process.pid}.${Date.now()}.tmp`
  await writeFile(temporary, commit)
  await rename(temporary, path)
}

/** Where a repository's file stands in the cache; throws InputError for a path that leaves the snapshot. */
export function snapshotPath(repository: Repository, path: string): string {
  const full = join(repository.snapshotFolder, path)
  if (isInside(repository.snapshotFolder, full)) return full
  throw new InputError(`"${path}" is not a file path inside ${repository.name}`)
}

/** Whether `path` lies strictly below `folder`. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && way !== '..' && !way.startsWith('../') && !way.startsWith('..\\')
}
