import { readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Paths of all that is no folder below a folder, relative to it; links are followed, but not to a folder that they lie in. Others may work there: what is gone
 * when it is looked at has no files.
 */
export function* filesBelow(folder: string, below = '', above: readonly string[] = []): Generator<string> {
  const place = join(folder, below)
  const own = ifThere(() => realpathSync(place))
  if (own === null || above.includes(own)) return
  for (const entry of ifThere(() => readdirSync(place, { withFileTypes: true })) ?? []) {
    const info = entry.isSymbolicLink() ? ifThere(() => statSync(join(place, entry.name))) : entry
    const path = join(below, entry.name)
    if (info?.isDirectory()) yield* filesBelow(folder, path, [...above, own])
    else if (info) yield path
  }
}

/** What the system says of a path that leads nowhere. */
const gone: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ELOOP']

/** What is read of a path that may vanish at any moment; null when it is gone. */
export function ifThere<Value>(read: () => Value): Value | null {
  try {
    return read()
  } catch (error) {
    if (gone.includes((error as NodeJS.ErrnoException).code)) return null
    throw error
  }
}
