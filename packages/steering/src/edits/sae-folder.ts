import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { type HubOptions, InputError } from '@saeval/hub'
import { findSae, isListedRelease, openSae, type SaeFile } from '@saeval/sae-core'

/**
 * A release as a steering CSV names it: where it is a folder beside the CSV only, that folder's path. SAELens' releases go first, then folders of the
 * working directory, then those beside the CSV, then repositories.
 */
export function releaseBeside(csvPath: string, release: string): string {
  if (isListedRelease(release) || isAbsolute(release) || existsSync(release)) return release
  const beside = join(dirname(csvPath), release)
  return existsSync(beside) ? beside : release
}

/** Where a folder of this name was looked for, in words. */
export function noFolder(csvPath: string, release: string): string {
  const places = [...new Set([process.cwd(), resolve(dirname(csvPath))])]
  return `there is no folder ${release} in ${places.join(' or ')}`
}

/** Opens the SAE that a CSV names. Throws InputError that says where a folder was looked for too, where the release is no repository either. */
export async function openNamedSae(csvPath: string, release: string, id: string, hub: HubOptions): Promise<SaeFile> {
  const reference = findSae(release, id)
  try {
    return await openSae(reference, hub)
  } catch (cause) {
    const isFolderName = 'repository' in reference.place && !isListedRelease(release)
    if (!isFolderName || !(cause instanceof Error)) throw cause
    const message = `${cause.message} (${noFolder(csvPath, release)})`
    throw InputError.isInstance(cause) ? new InputError(message, { cause }) : new Error(message, { cause })
  }
}
