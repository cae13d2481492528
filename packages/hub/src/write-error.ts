import { existsSync } from 'node:fs'
import { InputError } from './input-error.js'
import { type Said, SentenceError, sentence } from './sentence.js'

/** Codes of disks that take nothing more. */
const fullDisks: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: 'the quota of the disk is used up (EDQUOT)',
}

/** Something could not be written where the user wants it. */
export class WriteError extends InputError {
  override name = 'WriteError'
}

/** There is no room for what is to be written. */
export class FullDiskError extends SentenceError {
  override name = 'FullDiskError'
}

/**
 * The error for something that could not be written: `what` ("cannot write x.json") and why, in one sentence. `folder` is one that was there before.
 * A full disk is a failure (FullDiskError), all else a
 * WriteError.
 */
export function writeError(what: Said, cause: unknown, folder?: string): Error {
  const { code, message } = cause as NodeJS.ErrnoException
  const full = fullDisks[code ?? '']
  if (full !== undefined) return new FullDiskError(sentence`${what}: ${full}; make room and start again`, { cause })
  if (code === 'ENOENT' && folder !== undefined && !existsSync(folder))
    return new WriteError(sentence`${what}: the folder ${folder} is not there (any more)`, { cause })
  return new WriteError(sentence`${what} (${code ?? message})`, { cause })
}
