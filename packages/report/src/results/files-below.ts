import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of all files below a folder, relative to it; links are followed. Others may work there: what is gone when it is looked at has no files. */
export function* filesBelow(folder: string, below = ''): Generator<string> {
  const place = join(folder, below)
  for (const entry of ifThere(() => readdirSync(place, { withFileTypes: true })) ?? []) {
    const info = entry.isSymbolicLink() ? ifThere(() => statSync(join(place, entry.name))) : entry
    if (info?.isDirectory()) yield* filesBelow(folder, join(below, entry.name))
    else if (info?.isFile()) yield join(below, entry.name)
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
