import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { type HubOptions, InputError, listRepositoryFiles, repositoryFile, resolveRepository } from '@saeval/hub'
import { isPattern, pathPattern } from '@saeval/python/internal/globs/fnmatch'
import type { PyValue } from '@saeval/python/internal/values/value'
import type { DataFile } from './data-file.js'
import { filesBySplit } from './data-files.js'

/**
 * The files that `dataset_path: json` and the like name in data_files: local ones relative to `folder`, or files of the hub written as
 * hf://datasets/owner/name/file or as their address on huggingface.co. Patterns may name many. Throws InputError for files not there.
 */
export async function namedFiles(
  dataFiles: PyValue,
  folder: string,
  hub: HubOptions,
): Promise<ReadonlyMap<string, () => Promise<DataFile[]>>> {
  return new Map(
    [...filesBySplit(dataFiles)].map(([split, names]) => [
      split,
      async () => (await Promise.all(names.map((name) => filesOf(name, folder, hub)))).flat(),
    ]),
  )
}

async function filesOf(name: string, folder: string, hub: HubOptions): Promise<DataFile[]> {
  const found = remote.map((pattern) => pattern.exec(name)?.groups).find((groups) => groups !== undefined)
  if (found !== undefined) return hubFiles(found as unknown as HubAddress, hub)
  if (/^\w+:\/\//.test(name))
    throw new InputError(`data_files names ${name}, which is neither a file nor one of the hub`)
  const files = filesHere(name, folder)
  return files.map((path) => ({
    path,
    name: isPattern(name) && !existsSync(resolve(folder, name)) ? relative(resolve(folder), path) : name,
  }))
}

/**
 * Paths of the files of this machine among those that data_files names: relative to `folder` where they are not absolute. Throws InputError for those that are
 * not there.
 */
export function localFiles(dataFiles: PyValue, folder: string): string[] {
  const isElsewhere = (name: string) => /^\w+:\/\//.test(name)
  return [...filesBySplit(dataFiles).values()]
    .flat()
    .flatMap((name) => (isElsewhere(name) ? [] : filesHere(name, folder)))
}

function filesHere(name: string, folder: string): string[] {
  const path = resolve(folder, name)
  if (existsSync(path)) return [path]
  const files = isPattern(name) ? localMatches(path) : []
  if (files.length === 0) throw new InputError(`data_files names ${name}, which does not exist`)
  return files
}

function localMatches(pattern: string): string[] {
  const parts = pattern.split(sep)
  const root = parts.slice(0, parts.findIndex(isPattern)).join(sep)
  if (!existsSync(root)) return []
  const matches = pathPattern(relative(root, pattern).split(sep).join('/'))
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => matches.test(file.split(sep).join('/')) && statSync(join(root, file)).isFile())
    .sort()
    .map((file) => join(root, file))
}

interface HubAddress {
  readonly name: string
  readonly revision?: string
  readonly file: string
}

const remote = [
  /^hf:\/\/datasets\/(?<name>[^/@]+\/[^/@]+)(?:@(?<revision>refs\/[^/]+\/[^/]+|[^/]+))?\/(?<file>.+)$/,
  /^https:\/\/huggingface\.co\/datasets\/(?<name>[^/]+\/[^/]+)\/(?:resolve|raw|blob)\/(?<revision>refs\/[^/]+\/[^/]+|[^/]+)\/(?<file>[^?]+)/,
]

async function hubFiles({ name, revision, file }: HubAddress, hub: HubOptions): Promise<DataFile[]> {
  const repository = await resolveRepository({
    type: 'dataset',
    name,
    ...(revision === undefined ? {} : { revision: decodeURIComponent(revision) }),
    ...hub,
  })
  const pattern = pathPattern(file)
  const files = isPattern(file)
    ? (await listRepositoryFiles(repository, hub)).map((entry) => entry.path).filter((path) => pattern.test(path))
    : [file]
  if (files.length === 0) throw new InputError(`dataset ${name} has no file ${file}`)
  return Promise.all(
    files.map(async (path) => ({ path: await repositoryFile(repository, path, hub), name: `${name}/${path}` })),
  )
}
