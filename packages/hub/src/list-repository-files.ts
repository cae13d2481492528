import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { askHub } from './ask-hub.js'
import type { RepositoryEntry } from './hub-entries.js'
import type { HubOptions } from './hub-settings.js'
import { InputError } from './input-error.js'
import type { Repository } from './repository.js'

/**
 * All files of a repository, sorted by path; offline, or where the hub cannot be reached, those that the cache holds. Throws InputError where
 * the cache holds some parts of a divided file only.
 */
export async function listRepositoryFiles(
  repository: Repository,
  options: HubOptions = {},
): Promise<RepositoryEntry[]> {
  const found = await askHub(repository, options, async () => {
    const { hubEntries } = await import('./hub-entries.js')
    return hubEntries(repository, options)
  })
  const entries = found ?? (await cachedEntries(repository))
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1))
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
