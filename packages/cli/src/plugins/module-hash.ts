import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** How a module names another file beside it: import, export … from, import(). */
const relativeImport = /(?:\bfrom|\bimport)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g

/** SHA-256, in hex, of a module's file and of those that it imports by relative paths, each once, in the order in which they are named. */
export function moduleHash(path: string): string {
  const hash = createHash('sha256')
  const seen = new Set<string>()
  const add = (file: string) => {
    if (seen.has(file) || !existsSync(file)) return
    seen.add(file)
    const text = readFileSync(file)
    hash.update(text)
    for (const [, name] of text.toString('utf8').matchAll(relativeImport)) add(resolve(dirname(file), name!))
  }
  add(path)
  return hash.digest('hex')
}
