import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { compareCodePoints } from '../text/text.js'
import { fnmatchPattern, isPattern } from './fnmatch.js'

/**
 * The names in a folder that match a pattern, in code point order; names that begin with a dot where the pattern does. Throws the error of
 * the file system where the folder cannot be read.
 */
export function globNames(folder: string, pattern: string): string[] {
  const matches = fnmatchPattern(pattern)
  const isHidden = (name: string) => name.startsWith('.')
  return readdirSync(folder)
    .filter((name) => matches.test(name) && (isHidden(pattern) || !isHidden(name)))
    .sort(compareCodePoints)
}

/** What an absolute pattern names, part by part, in code point order; `**` is any number of folders. See fnmatchPattern. */
export function globFiles(pattern: string): string[] {
  const [root, ...parts] = pattern.split(sep)
  let found = [`${root}${sep}`]
  for (const [index, part] of parts.entries()) {
    if (part === '**') {
      found = found.flatMap((folder) => [
        folder,
        ...readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((entry) => join(entry.parentPath, entry.name)),
      ])
    } else if (!isPattern(part)) {
      found = found.map((folder) => join(folder, part)).filter((path) => existsSync(path))
    } else {
      const isLast = index === parts.length - 1
      found = found
        .filter((path) => statSync(path).isDirectory())
        .flatMap((folder) => globNames(folder, part).map((name) => join(folder, name)))
        .filter((path) => isLast || statSync(path).isDirectory())
    }
  }
  return found.sort(compareCodePoints)
}
