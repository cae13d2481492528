import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { basename } from 'node:path'

/** Reading a larger file whole takes longer than loading a model from it. */
const largestRead = 2 ** 31

/**
 * What tells a file's content from another's: the hub cache's name for it, which is the hash of the content; else the hash itself, or for
 * files over 2 GiB place, size and time of the last change.
 */
export async function fileIdentity(path: string): Promise<string> {
  const real = await realpath(path)
  if (/^[0-9a-f]{64}$/.test(basename(real))) return basename(real)
  const { size, mtimeMs } = await stat(real)
  if (size > largestRead) return `${real} ${size} ${mtimeMs}`
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(real)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
