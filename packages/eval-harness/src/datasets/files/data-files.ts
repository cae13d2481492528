import { InputError } from '@saeval/hub'
import { pathPattern } from '@saeval/python/internal/globs/fnmatch'
import { pyStr } from '@saeval/python/internal/text/text'
import { isDict, type PyDict, type PyValue } from '@saeval/python/internal/values/value'
import { listed } from '../../messages/listed.js'
import { dataEnding } from './data-file.js'

/** Split name -> data files, in order. */
export type SplitFiles = ReadonlyMap<string, readonly string[]>

/**
 * The data files of one configuration of a repository: those its card names, else those whose names tell their split. `files` are all
 * paths of the repository. Throws InputError naming the configurations there are.
 */
export function configFiles(
  dataset: string,
  card: PyDict,
  files: readonly string[],
  config: string | null,
): { config: string; splits: SplitFiles } {
  const listedConfigs = card.get('configs') ?? []
  const configs = Array.isArray(listedConfigs) ? listedConfigs.filter(isDict) : []
  const names = configs.map((entry) => pyStr(entry.get('config_name') ?? 'default'))
  if (configs.length === 0)
    return { config: config ?? 'default', splits: namedSplits(dataset, folderOf(files, config, dataset)) }
  const wanted =
    config ??
    names[configs.findIndex((entry) => entry.get('default') === true)] ??
    (names.includes('default') || configs.length > 1 ? 'default' : names[0]!)
  const index = names.indexOf(wanted)
  if (index < 0) throw new InputError(`dataset ${dataset} has no configuration "${wanted}"; it has ${listed(names)}`)
  const folder = configs[index]!.get('data_dir')
  return {
    config: wanted,
    splits: folderSplits(dataset, configs[index]!.get('data_files') ?? null, files, folder ?? null),
  }
}

/** The splits of a folder of the repository (null: all of it): those listed, else those that the files' names tell. */
export function folderSplits(
  dataset: string,
  dataFiles: PyValue,
  files: readonly string[],
  folder: PyValue,
): SplitFiles {
  const start = typeof folder === 'string' ? `${folder.replace(/^\.?\/|\/$/g, '')}/` : ''
  const inside = files.filter((file) => file.startsWith(start)).map((file) => file.slice(start.length))
  const splits = dataFiles === null ? namedSplits(dataset, inside) : listedSplits(dataset, dataFiles, inside)
  return new Map([...splits].map(([split, found]) => [split, found.map((file) => start + file)]))
}

/** The files of a repository that data_files names, in any of its forms, by pattern too. Throws InputError for those that are not there. */
function listedSplits(dataset: string, dataFiles: PyValue, files: readonly string[]): SplitFiles {
  const here = `hf://datasets/${dataset}/`
  const matching = (pattern: string) => {
    const inside = pattern.startsWith(here) ? pattern.slice(here.length) : pattern
    const matches = pathPattern(inside.replace(/^\.\//, ''))
    const found = files.filter((file) => matches.test(file)).sort()
    if (found.length === 0) throw new InputError(`dataset ${dataset} has no file ${pattern}`)
    return found
  }
  return new Map([...filesBySplit(dataFiles)].map(([split, patterns]) => [split, patterns.flatMap(matching)]))
}

/** data_files by split: from a name, a list of names, a list of {split, path}, or split -> names. Throws InputError for anything else. */
export function filesBySplit(dataFiles: PyValue): ReadonlyMap<string, readonly string[]> {
  const entries = isDict(dataFiles)
    ? [...dataFiles]
    : (Array.isArray(dataFiles) ? (dataFiles as readonly PyValue[]) : [dataFiles]).map((entry) =>
        isDict(entry) ? ([entry.get('split'), entry.get('path')] as const) : (['train', entry] as const),
      )
  const splits = new Map<string, string[]>()
  for (const [split, names] of entries) {
    if (typeof split !== 'string') throw new InputError('data_files has an entry whose split is not a text')
    const known = splits.get(split) ?? []
    splits.set(split, known)
    for (const name of Array.isArray(names) ? names : [names]) {
      if (typeof name !== 'string')
        throw new InputError(`data_files of split ${split} names something that is not a file`)
      known.push(name)
    }
  }
  return splits
}

const keywords: readonly (readonly [split: string, words: string])[] = [
  ['train', 'train|training'],
  ['validation', 'validation|valid|dev|val'],
  ['test', 'test|testing|eval|evaluation'],
]
const notData = /(^|\/)(README\.md|dataset_infos?\.json|config\.json|__[^/]*|\.[^/]*)(\/|$)/

/** Splits told by the files' names: data/<split>-00000-of-00001, then a folder or file name with a split's word; else all are train. */
function namedSplits(dataset: string, files: readonly string[]): SplitFiles {
  const data = files.filter((file) => endingOf(file) !== null && !notData.test(file))
  if (data.length === 0)
    throw new InputError(
      `dataset ${dataset} has no data files in a format that can be read (parquet, jsonl, json, csv, tsv, txt, zip)`,
    )
  const ending = majority(data.map((file) => endingOf(file)!))
  const same = data.filter((file) => file.endsWith(ending)).sort()
  const sharded = collect(same, (file) => /^data\/([\w.]+)-\d{5}-of-\d{5}[^/]*$/.exec(file)?.[1])
  if (sharded.size > 0) return sharded
  const delimiters = '[-._ 0-9/]'
  for (const part of ['folder', 'file'] as const) {
    const found = collect(same, (file) => {
      const slash = file.lastIndexOf('/')
      const text = part === 'folder' ? file.slice(0, slash + 1) : file.slice(slash + 1)
      return keywords.find(([, words]) => new RegExp(`(^|${delimiters})(${words})(${delimiters}|$)`).test(text))?.[0]
    })
    if (found.size > 0)
      return new Map(keywords.flatMap(([split]) => (found.has(split) ? [[split, found.get(split)!]] : [])))
  }
  return new Map([['train', same]])
}

/** ".jsonl.gz", ".zip"; null for other files. */
function endingOf(file: string): string | null {
  return dataEnding.exec(file)?.[0] ?? (file.endsWith('.zip') ? '.zip' : null)
}

function collect(files: readonly string[], splitOf: (file: string) => string | undefined): Map<string, string[]> {
  const splits = new Map<string, string[]>()
  for (const file of files) {
    const split = splitOf(file)
    if (split !== undefined) splits.set(split, [...(splits.get(split) ?? []), file])
  }
  return splits
}

function majority(items: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  // datasets prefers parquet among equals
  return [...counts].sort((a, b) => b[1] - a[1] || Number(b[0] === '.parquet') - Number(a[0] === '.parquet'))[0]![0]
}

/** A configuration's own folder, where a repository without a card is asked for one. */
function folderOf(files: readonly string[], config: string | null, dataset: string): readonly string[] {
  if (config === null || config === 'default') return files
  const inside = files.filter((file) => file.startsWith(`${config}/`))
  if (inside.length > 0) return inside
  throw new InputError(`dataset ${dataset} has no configuration "${config}"; its card names none`)
}
