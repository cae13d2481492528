import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ByteSource,
  type HubOptions,
  InputError,
  listRepositoryFiles,
  type ModelFiles,
  openRepositoryFile,
  option,
  type Repository,
  sentence,
} from '@saeval/hub'
import { indexedFiles } from './weight-files.js'

/** Weights of a repository that are not in the cache. */
export interface WeightsDownload {
  readonly repository: Repository
  /** All files of the weights, those in the cache too. */
  readonly paths: readonly string[]
  /** Files that are missing. */
  readonly files: number
  readonly bytes: number
}

/** What is to be downloaded before the model can compute; null where it is all there. Sizes are those of the hub's list of files. */
export async function weightsDownload(
  { repository, pathIfPresent }: ModelFiles,
  hub: HubOptions,
): Promise<WeightsDownload | null> {
  if (repository === null) return null
  const isThere = (path: string) => existsSync(join(repository.snapshotFolder, path))
  if (isThere('model.safetensors')) return null
  const index = 'model.safetensors.index.json'
  if (isThere(index) && (await indexedFiles(join(repository.snapshotFolder, index))).every(isThere)) return null
  const sizes = new Map((await listRepositoryFiles(repository, hub)).map(({ path, size }) => [path, size]))
  const indexPath = sizes.has('model.safetensors') ? null : await pathIfPresent(index)
  const paths = indexPath === null ? ['model.safetensors'] : await indexedFiles(indexPath)
  const missing = paths.filter((path) => sizes.has(path) && !isThere(path))
  if (missing.length === 0) return null
  return {
    repository,
    paths,
    files: missing.length,
    bytes: missing.reduce((sum, path) => sum + sizes.get(path)!, 0),
  }
}

/** What to say before the download. */
export function downloadLine(model: string, { files, bytes, repository }: WeightsDownload): string {
  return `${model}: ${files} ${files === 1 ? 'file' : 'files'}, ${megabytes(bytes)}, to be downloaded into ${repository.folder}`
}

/** Bytes as people say them: "12 MB", "1.3 GB". */
export function megabytes(bytes: number): string {
  return bytes < 1e8 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

/** The error where a model that only plans would have to compute. */
export function weightsMissing(model: string): InputError {
  return new InputError(
    sentence`the weights of ${model} are not in the cache, and this takes them; run it without ${option('withoutDownload')}`,
  )
}

/** Opens the files where they are, to read their headers. */
export function remoteWeights({ repository, paths }: WeightsDownload, hub: HubOptions): Promise<ByteSource[]> {
  return Promise.all(paths.map((path) => openRepositoryFile(repository, path, hub)))
}
