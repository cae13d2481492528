import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * SHA-256, in hex, of the code of saeval that is built here: the JavaScript of this package and of all packages of its own that it stands on, without the pages. Checkouts of
 * other commits have the same version, and other code.
 */
export function buildHash(): string {
  const hash = createHash('sha256')
  const seen = new Set<string>()
  const add = (manifest: string) => {
    const { name, dependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      readonly name: string
      readonly dependencies?: Readonly<Record<string, string>>
    }
    if (seen.has(name)) return
    seen.add(name)
    const built = join(dirname(manifest), 'dist')
    const files = existsSync(built) ? readdirSync(built, { recursive: true, encoding: 'utf8' }) : []
    for (const file of files.filter((path) => path.endsWith('.js')).sort())
      hash.update(`${name} ${file.replaceAll('\\', '/')}\n`).update(readFileSync(join(built, file)))
    const { resolve } = createRequire(manifest)
    for (const other of Object.keys(dependencies).sort())
      if (other.startsWith('@saeval/') && other !== pages) add(resolve(`${other}/package.json`))
  }
  add(fileURLToPath(new URL('../package.json', import.meta.url)))
  return hash.digest('hex')
}

/** What nothing of a plan is computed with. */
const pages = '@saeval/ui'
