import * as v from 'valibot'
import { index, objectOf, text } from './checks/schemas.js'
import { shown } from './checks/shown.js'
import { WrongAnswerError } from './hub-errors.js'
import { hubJson } from './hub-json.js'
import { hubLimits, raising } from './hub-limits.js'
import type { HubOptions } from './hub-settings.js'
import type { Repository } from './repository.js'

type Listed = Pick<Repository, 'type' | 'name' | 'revision' | 'commit'>

/** One file of a repository. */
export interface RepositoryEntry {
  /** Path with forward slashes. */
  readonly path: string
  readonly size: number
  /** Known for large files, online. */
  readonly sha256: string | null
}

const entrySchema = v.array(
  objectOf({ type: text, path: text, size: v.nullish(index, 0), lfs: v.nullish(objectOf({ oid: text })) }),
  'a list of files',
)

/** All files of a repository, as the hub lists them. Throws a WrongAnswerError for a list that is none, has no end or names what no folder can hold. */
export async function hubEntries(
  { type, name, revision, commit }: Listed,
  options: HubOptions,
): Promise<RepositoryEntry[]> {
  const subject = { type, name, revision }
  const { pages } = hubLimits(options.limits, options.env)
  const entries: RepositoryEntry[] = []
  const asked = new Set<string>()
  let page: string | null = `${type}s/${name}/tree/${commit}?recursive=true`
  while (page !== null) {
    if (asked.has(page)) throw new WrongAnswerError(`the hub's list of the files of ${name} goes in a circle`)
    if (asked.size >= pages)
      throw new WrongAnswerError(
        `the hub's list of the files of ${name} has no end within ${pages} answers (${raising('pages')})`,
      )
    asked.add(page)
    const { value, next }: Awaited<ReturnType<typeof hubJson<typeof entrySchema>>> = await hubJson(
      page,
      entrySchema,
      subject,
      options,
    )
    for (const { type: kind, path, size, lfs } of value) {
      if (kind !== 'file') continue
      if (!isFilePath(path))
        throw new WrongAnswerError(`the hub lists a file of ${name} that no folder can hold: ${shown(path)}`)
      entries.push({ path, size, sha256: lfs?.oid ?? null })
    }
    page = next
  }
  return entries
}

/** Whether a path leads to a file below the folder that it is relative to. */
function isFilePath(path: string): boolean {
  return (
    path.length <= 1024 &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..') &&
    !/[\\\0-\x1f]/.test(path)
  )
}
