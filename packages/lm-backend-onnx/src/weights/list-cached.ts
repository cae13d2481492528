import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, type Environment, openLocalFile, readSafetensorsIndex } from '@saeval/hub'
import { derivedFolders } from './derived-file.js'

/** A file of saeval's cache. */
export interface CachedWeights {
  readonly path: string
  /** Model it belongs to; null for a file that is being written, or that was left by a process that was killed. */
  readonly model: string | null
  readonly dtype: string | null
  /** The adapter that is merged into them; null for none. */
  readonly adapter: string | null
  readonly bytes: number
  /** When it was written. */
  readonly modified: Date
}

/** What lies in the cache, by name; [] where there is none. */
export async function listCachedWeights(env: Environment = process.env): Promise<CachedWeights[]> {
  const cache = cacheFolder(env)
  if (cache === null) return []
  const files: CachedWeights[] = []
  for (const name of derivedFolders) files.push(...(await listFolder(join(cache, name))))
  return files
}

async function listFolder(folder: string): Promise<CachedWeights[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const ours = names.filter((name) => /\.safetensors(\.[\w-]+\.part)?$/.test(name)).sort()
  return Promise.all(ours.map((name) => describe(join(folder, name))))
}

/** Removes every file that listCachedWeights names and returns them. Runs that use one keep what they have opened. */
export async function clearCachedWeights(env: Environment = process.env): Promise<CachedWeights[]> {
  const files = await listCachedWeights(env)
  for (const { path } of files) await rm(path, { force: true })
  return files
}

async function describe(path: string): Promise<CachedWeights> {
  const { size, mtime } = await stat(path)
  const { model = null, dtype = null, adapter = null } = path.endsWith('.part') ? {} : await metadata(path)
  return { path, model, dtype, adapter, bytes: size, modified: mtime }
}

async function metadata(path: string): Promise<Readonly<Record<string, string>>> {
  const source = await openLocalFile(path)
  try {
    return (await readSafetensorsIndex(source)).metadata
  } catch {
    // a damaged file has nothing to say; the next run makes it anew
    return {}
  } finally {
    await source.close()
  }
}
