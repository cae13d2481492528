import { cut } from '@saeval/hub/checks'
import { exists, isAbsolute, join, resolve, workingFolder } from '@saeval/hub/internal/disk'
import { isListedRelease } from './find-sae.js'

/**
 * A release as a file in `folder` names it: where it is a folder beside that file only, that folder's path. SAELens' releases go first, then folders
 * of the working directory, then those beside the file, then repositories.
 */
export function releaseBeside(folder: string, release: string): string {
  if (isListedRelease(release) || isAbsolute(release) || exists(release)) return release
  const beside = join(folder, release)
  return exists(beside) ? beside : release
}

/** Where a folder of this name was looked for, in words. */
export function noFolder(folder: string, release: string): string {
  const places = [...new Set([workingFolder(), resolve(folder)])]
  return `there is no folder ${cut(release)} in ${places.join(' or ')}`
}
