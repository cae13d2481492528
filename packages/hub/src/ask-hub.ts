import { existsSync } from 'node:fs'
import { WrongAnswerError } from './hub-errors.js'
import { type HubOptions, hubSettings } from './hub-settings.js'
import { InputError } from './input-error.js'

/** What must be known of a repository to go on with its cached files. */
export type AtCommit = Readonly<Record<'name' | 'revision' | 'commit' | 'snapshotFolder', string>>

/** Repositories whose cached files are all there is for now; the hub is not asked about them again. */
const cacheOnly = new WeakSet<AtCommit>()
const told = new Set<string>()

/** Whether only the cache knows something of the repository: offline, or since the hub could not be asked. */
export function isCacheOnly(repository: AtCommit, options: HubOptions): boolean {
  return hubSettings(options.env).offline || cacheOnly.has(repository)
}

/**
 * What the hub answers about a repository at a commit; null where only the cache can be asked: offline, and from the moment on when the hub
 * cannot be reached (or fails) while the cache has files of the commit, as huggingface_hub has it. options.onNotice is told so.
 */
export async function askHub<Answer>(
  repository: AtCommit,
  options: HubOptions,
  ask: () => Promise<Answer>,
): Promise<Answer | null> {
  if (isCacheOnly(repository, options)) return null
  try {
    return await ask()
  } catch (cause) {
    if (!canGoOn(cause, options) || !existsSync(repository.snapshotFolder)) throw cause
    goOnWithCache(repository, options)
    return null
  }
}

/** Whether an error says nothing about the repository, only that the hub cannot be asked. */
export function canGoOn(cause: unknown, { signal }: HubOptions): boolean {
  return !(InputError.isInstance(cause) || cause instanceof WrongAnswerError) && signal?.aborted !== true
}

/** Leaves the hub alone about this repository, and says so. */
export function goOnWithCache(repository: AtCommit, options: HubOptions): void {
  cacheOnly.add(repository)
  const { name, revision, commit } = repository
  const at = revision === commit ? `commit ${commit}` : `revision ${revision}, commit ${commit}`
  const sentence = `${hubSettings(options.env).endpoint} cannot be asked: the cached files of ${name} are used (${at})`
  if (told.has(sentence)) return
  told.add(sentence)
  options.onNotice?.(sentence)
}
