import { type CachedWeights, clearCachedWeights, listCachedWeights } from '@saeval/lm-backend-onnx'
import type { Surroundings } from './run.js'

/** What `saeval cache` can do. */
export const cacheActions = ['ls', 'clear'] as const
export type CacheAction = (typeof cacheActions)[number]

/** `saeval cache ls|clear`: files that saeval made from weights, one a line with its size, and their sum. */
export async function cache(action: CacheAction, json: boolean, { stdout }: Surroundings): Promise<void> {
  const files = action === 'ls' ? await listCachedWeights() : await clearCachedWeights()
  if (json) {
    stdout.write(`${JSON.stringify(files, null, 2)}\n`)
    return
  }
  for (const file of files) stdout.write(`${fileLine(file)}\n`)
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}`
  stdout.write(action === 'ls' ? `${count}, ${size(total)}\n` : `removed ${count}, ${size(total)}\n`)
}

function fileLine({ model, dtype, adapter, bytes, modified, path }: CachedWeights): string {
  const what =
    model === null ? 'unfinished or damaged' : `${model}${adapter === null ? '' : ` with ${adapter}`} in ${dtype}`
  return `${size(bytes)}  ${modified.toISOString().slice(0, 10)}  ${what}  ${path}`
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}
