import { existsSync, statSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type HubOptions, InputError, listRepositoryFiles, type Repository, resolveRepository } from '@saeval/hub'
import type { ModelFile } from '@saeval/language-model'
import type { SaeFileIdentity } from '@saeval/sae-core'
import type { HashedFile } from './card-file.js'
import { sha256Of } from './manifest.js'

/** The files of a model with their hashes. */
export async function hashedModel(files: readonly ModelFile[]): Promise<HashedFile[]> {
  const hashed: HashedFile[] = []
  for (const { place, commit, path, file } of files)
    hashed.push({
      place,
      commit: commit === '' ? null : commit,
      path,
      bytes: statSync(file).size,
      sha256: await hashOf(file),
    })
  return hashed
}

/**
 * The files of an SAE with their hashes; of a file that was read in parts over the network, the hub's. Throws InputError where that is not known.
 */
export async function hashedSae(files: readonly SaeFileIdentity[], hub: HubOptions): Promise<HashedFile[]> {
  const hashed: HashedFile[] = []
  for (const { place, commit, path, sha256 } of files) {
    const repository =
      commit === null ? null : await resolveRepository({ type: 'model', name: place, revision: commit, ...hub })
    const file = repository === null ? join(resolve(place), path) : join(repository.snapshotFolder, path)
    const own = existsSync(file)
      ? { bytes: statSync(file).size, sha256: sha256 ?? (await hashOf(file)) }
      : repository && (await listed(repository, path, hub))
    if (!own)
      throw new InputError(
        `${path} of ${place} is not here, and nothing tells its SHA-256; run verify once, which reads it`,
      )
    hashed.push({ place, commit, path, ...own })
  }
  return hashed
}

/** The hub's cache names a large file by its SHA-256, which was checked when it came. */
async function hashOf(file: string): Promise<string> {
  const name = basename(await realpath(file))
  return /^[0-9a-f]{64}$/.test(name) ? name : sha256Of(file)
}

async function listed(
  repository: Repository,
  path: string,
  hub: HubOptions,
): Promise<{ readonly bytes: number; readonly sha256: string } | null> {
  const found = (await listRepositoryFiles(repository, hub)).find((entry) => entry.path === path)
  return found?.sha256 ? { bytes: found.size, sha256: found.sha256 } : null
}

/**
 * What of some files is not as a card says, a sentence for each; `what` they are of. Both are the same files of the same places; `placeOf` tells what a place of
 * the card is called here.
 */
export function otherFiles(
  what: string,
  expected: readonly HashedFile[],
  actual: readonly HashedFile[],
  placeOf: (place: string) => string = (place) => place,
): string[] {
  const keyOf = ({ place, path }: HashedFile) => JSON.stringify([placeOf(place), path])
  const known = new Set(expected.map(keyOf))
  const more = actual.flatMap((file) =>
    known.has(keyOf(file)) ? [] : [`${what}: ${file.path} of ${file.place} is read here, and is not in the card`],
  )
  const others = expected.flatMap((file) => {
    const { path, sha256, bytes, commit } = file
    const found = actual.find((other) => keyOf(other) === keyOf(file))
    if (found === undefined) return [`${what}: ${path} of ${file.place} is not among the files that are read here`]
    if (found.sha256 === sha256) return []
    const commits = found.commit === commit ? '' : ` (commit ${found.commit} here, ${commit} in the card)`
    return [
      `${what}: ${path} is another file: SHA-256 ${found.sha256.slice(0, 12)}…, ${found.bytes} bytes; the card has ${sha256.slice(0, 12)}…, ${bytes} bytes${commits}`,
    ]
  })
  return [...others, ...more]
}
