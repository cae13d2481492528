import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { listFiles } from '@huggingface/hub'
import { hubFetch } from './hub-fetch.js'
import { type HubOptions, hubSettings } from './hub-settings.js'
import { InputError } from './input-error.js'
import type { Repository } from './repository.js'

/** One file of a repository. */
export interface RepositoryEntry {
  /** Path with forward slashes. */
  readonly path: string
  readonly size: number
  /** Known for large files, online. */
  readonly sha256: string | null
}

/** All files of a repository, sorted by path; offline those that the cache holds. */
export async function listRepositoryFiles(
  repository: Repository,
  options: HubOptions = {},
): Promise<RepositoryEntry[]> {
  const settings = hubSettings(options.env)
  const entries = settings.offline
    ? await cachedEntries(repository)
    : await hubEntries(repository, settings.endpoint, options)
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function hubEntries(repository: Repository, hubUrl: string, options: HubOptions): Promise<RepositoryEntry[]> {
  const { type, name, revision, commit } = repository
  const entries: RepositoryEntry[] = []
  const files = listFiles({
    repo: { type, name },
    revision: commit,
    recursive: true,
    hubUrl,
    fetch: hubFetch({ type, name, revision }, options),
  })
  for await (const { type: kind, path, size, lfs } of files) {
    if (kind === 'file') entries.push({ path, size, sha256: lfs?.oid ?? null })
  }
  return entries
}

async function cachedEntries(repository: Repository): Promise<RepositoryEntry[]> {
  const names = await readdir(repository.snapshotFolder, { recursive: true }).catch((cause) => {
    throw new InputError(
      `${repository.name} (revision ${repository.revision}) is not in the cache and HF_HUB_OFFLINE is set; unset it to download`,
      { cause },
    )
  })
  const entries: RepositoryEntry[] = []
  for (const name of names) {
    const full = join(repository.snapshotFolder, name)
    const { size, isFile } = await stat(full).then((found) => ({ size: found.size, isFile: found.isFile() }))
    if (isFile)
      entries.push({ path: relative(repository.snapshotFolder, full).split(sep).join('/'), size, sha256: null })
  }
  return entries
}
