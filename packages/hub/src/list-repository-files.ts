import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { askHub } from './ask-hub.js'
import { hubFetch } from './hub-fetch.js'
import { hubLibrary } from './hub-library.js'
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

/**
 * All files of a repository, sorted by path; offline, or where the hub cannot be reached, those that the cache holds. Throws InputError where
 * the cache holds some parts of a divided file only.
 */
export async function listRepositoryFiles(
  repository: Repository,
  options: HubOptions = {},
): Promise<RepositoryEntry[]> {
  const { endpoint } = hubSettings(options.env)
  const found = await askHub(repository, options, () => hubEntries(repository, endpoint, options))
  const entries = found ?? (await cachedEntries(repository))
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function hubEntries(repository: Repository, hubUrl: string, options: HubOptions): Promise<RepositoryEntry[]> {
  const { type, name, revision, commit } = repository
  const entries: RepositoryEntry[] = []
  const { listFiles } = await hubLibrary()
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
  checkParts(repository, entries)
  return entries
}

/** What an interrupted download leaves must not pass for the whole. */
function checkParts({ name }: Repository, entries: readonly RepositoryEntry[]): void {
  const counts = new Map<string, number>()
  for (const { path } of entries) {
    if (!/-\d{5}-of-\d{5}/.test(path)) continue
    const all = path.replace(/-\d{5}-of-/, '-*-of-')
    counts.set(all, (counts.get(all) ?? 0) + 1)
  }
  for (const [all, count] of counts) {
    const total = Number(/-of-(\d{5})/.exec(all)![1])
    if (count < total)
      throw new InputError(
        `the cache holds ${count} of the ${total} files ${all} of ${name}; run once with the network, which downloads the others`,
      )
  }
}
