import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import {
  type HubOptions,
  InputError,
  listRepositoryFiles,
  type Repository,
  repositoryFile,
  repositoryFileIfPresent,
  resolveRepository,
} from '@saeval/hub'
import type { PyDict, PyValue } from '../python/value.js'
import { parseYaml } from '../tasks/yaml.js'
import { configFiles, listedSplits, type SplitFiles } from './data-files.js'
import type { DataFile, Dataset, Split } from './dataset.js'
import { cardFeatures, type Features } from './features.js'
import { parquetSplit } from './parquet-rows.js'
import { csvSplit, jsonSplit } from './text-rows.js'

export interface LoadDatasetOptions {
  /** Hugging Face dataset, a local folder, or a format name ("json", "csv", "parquet") with data_files. */
  readonly path: string
  /** Configuration. */
  readonly name: string | null
  /** dataset_kwargs of the task: revision, data_files, data_dir. */
  readonly kwargs?: PyDict
  /** Folder that relative data_files are looked up in; the working folder by default. */
  readonly folder?: string
  readonly hub?: HubOptions
}

const kwargNames = ['revision', 'data_files', 'data_dir', 'trust_remote_code']
const formats = ['json', 'csv', 'parquet']

/** Opens a dataset as datasets.load_dataset does; files are downloaded and read split by split. Throws InputError. */
export async function loadDataset({
  path,
  name,
  kwargs = new Map(),
  folder = '.',
  hub = {},
}: LoadDatasetOptions): Promise<Dataset> {
  const unknown = [...kwargs.keys()].find((key) => !kwargNames.includes(key))
  if (unknown !== undefined) throw new InputError(`dataset_kwargs.${unknown} of dataset ${path} is not supported`)
  const dataFiles = kwargs.get('data_files') ?? null
  if (formats.includes(path)) return localFiles(path, dataFiles, folder)
  if (existsSync(path)) return folderDataset(path, name, dataFiles)
  const revision = kwargs.get('revision')
  const repository = await resolveRepository({
    type: 'dataset',
    name: path,
    ...(typeof revision === 'string' ? { revision } : {}),
    ...hub,
  })
  return hubDataset(repository, name, dataFiles, kwargs.get('data_dir') ?? null, hub)
}

async function hubDataset(
  repository: Repository,
  config: string | null,
  dataFiles: PyValue,
  dataDir: PyValue,
  hub: HubOptions,
): Promise<Dataset> {
  const cardPath = await repositoryFileIfPresent(repository, 'README.md', hub)
  const card =
    cardPath === null
      ? new Map<string, PyValue>()
      : readCard(readFileSync(cardPath, 'utf8'), `${repository.name}/README.md`)
  const all = (await listRepositoryFiles(repository, hub)).map((file) => file.path)
  const files = typeof dataDir === 'string' ? all.filter((file) => file.startsWith(`${dataDir}/`)) : all
  const found =
    dataFiles === null
      ? configFiles(repository.name, card, files, config)
      : { config: config ?? 'default', splits: listedSplits(repository.name, dataFiles, files) }
  const locate = async (file: string): Promise<DataFile> => ({
    path: await repositoryFile(repository, file, hub),
    name: `${repository.name}/${file}`,
  })
  return dataset(
    `${repository.name}${config === null ? '' : ` (${config})`}`,
    found.splits,
    cardFeatures(card, found.config),
    locate,
  )
}

function folderDataset(path: string, config: string | null, dataFiles: PyValue): Dataset {
  const root = resolve(path)
  const cardPath = join(root, 'README.md')
  const card = existsSync(cardPath) ? readCard(readFileSync(cardPath, 'utf8'), cardPath) : new Map<string, PyValue>()
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(join(root, file)).isFile())
    .map((file) => file.split(sep).join('/'))
  const found =
    dataFiles === null
      ? configFiles(path, card, files, config)
      : { config: config ?? 'default', splits: listedSplits(path, dataFiles, files) }
  return dataset(path, found.splits, cardFeatures(card, found.config), async (file) => ({
    path: join(root, file),
    name: join(path, file),
  }))
}

/** `dataset_path: json` and the like: the task names its files. */
function localFiles(format: string, dataFiles: PyValue, folder: string): Dataset {
  if (dataFiles === null) throw new InputError(`dataset_path "${format}" needs dataset_kwargs.data_files`)
  const root = resolve(folder)
  const named = (value: PyValue): PyValue => {
    if (typeof value === 'string') return relative(root, resolve(root, value)).split(sep).join('/')
    if (Array.isArray(value)) return value.map(named)
    return value instanceof Map ? new Map([...value].map(([split, item]) => [split, named(item as PyValue)])) : value
  }
  const paths = named(dataFiles)
  const flat = (value: PyValue): string[] =>
    typeof value === 'string'
      ? [value]
      : Array.isArray(value)
        ? value.flatMap(flat)
        : [...(value as PyDict).values()].flatMap(flat)
  const existing = flat(paths).flatMap((file) => (existsSync(join(root, file)) ? [file] : []))
  return dataset(
    format,
    listedSplits(format, paths, existing),
    null,
    async (file) => ({ path: join(root, file), name: file }),
    format,
  )
}

function dataset(
  name: string,
  splits: SplitFiles,
  features: Features,
  locate: (file: string) => Promise<DataFile>,
  format?: string,
): Dataset {
  const open = new Map<string, Promise<Split>>()
  return {
    name,
    splitNames: [...splits.keys()],
    split: (split) => {
      const files = splits.get(split)
      if (!files)
        throw new InputError(`dataset ${name} has no split "${split}"; it has ${[...splits.keys()].join(', ')}`)
      const known =
        open.get(split) ?? Promise.all(files.map(locate)).then((located) => openSplit(located, features, format))
      open.set(split, known)
      return known
    },
  }
}

function openSplit(files: readonly DataFile[], features: Features, format: string | undefined): Promise<Split> {
  const kind = format ?? /\.(\w+?)(\.gz)?$/.exec(files[0]!.name)?.[1] ?? ''
  switch (kind) {
    case 'parquet':
      return parquetSplit(files)
    case 'json':
    case 'jsonl':
      return jsonSplit(files, features)
    case 'csv':
      return csvSplit(files, features, ',')
    case 'tsv':
      return csvSplit(files, features, '\t')
    default:
      throw new InputError(`${files[0]!.name} is in a format that cannot be read (parquet, jsonl, json, csv, tsv can)`)
  }
}

/** The YAML block at the beginning of a dataset card. */
function readCard(text: string, name: string): PyDict {
  const block = /^---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1]
  const card = block === undefined ? null : parseYaml(block, name)
  return card instanceof Map ? (card as PyDict) : new Map()
}
