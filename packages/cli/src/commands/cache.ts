import { type CachedWeights, clearCachedWeights, listCachedWeights } from '@saeval/lm-backend-onnx'
import { clearKeptStarts, type KeptStart, listKeptStarts } from '@saeval/python/internal/pyodide/snapshot'
import type { CacheAction } from './choices.js'
import type { Surroundings } from './run.js'

/** `saeval cache ls|clear`: files that saeval made from weights, and kept starts of Python, one a line with its size, and their sum. */
export async function cache(action: CacheAction, json: boolean, { stdout }: Surroundings): Promise<void> {
  const files: (CachedWeights | KeptStart)[] =
    action === 'ls'
      ? [...(await listCachedWeights()), ...listKeptStarts()]
      : [...(await clearCachedWeights()), ...clearKeptStarts()]
  if (json) {
    stdout.write(`${JSON.stringify(files, null, 2)}\n`)
    return
  }
  for (const file of files) stdout.write(`${fileLine(file)}\n`)
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}`
  stdout.write(action === 'ls' ? `${count}, ${size(total)}\n` : `removed ${count}, ${size(total)}\n`)
}

function fileLine(file: CachedWeights | KeptStart): string {
  const { bytes, modified, path } = file
  return `${size(bytes)}  ${modified.toISOString().slice(0, 10)}  ${contentOf(file)}  ${path}`
}

function contentOf(file: CachedWeights | KeptStart): string {
  if (!('model' in file)) return "Python's start"
  const { model, adapter, dtype } = file
  return model === null ? 'unfinished or damaged' : `${model}${adapter === null ? '' : ` with ${adapter}`} in ${dtype}`
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}
