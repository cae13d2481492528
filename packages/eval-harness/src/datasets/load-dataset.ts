import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, resolve, sep } from 'node:path'
import {
  type HubOptions,
  InputError,
  listRepositoryFiles,
  type Repository,
  repositoryFile,
  repositoryFileIfPresent,
  resolveRepository,
} from '@saeval/hub'
import type { Dataset, Split } from '@saeval/python/internal/functions/dataset'
import type { PyDict, PyValue } from '@saeval/python/internal/values/value'
import { listed, shortened } from '../messages/listed.js'
import { checkFields } from '../yaml/check-fields.js'
import { isFile, parseYaml } from '../yaml/yaml.js'
import type { DataFile } from './files/data-file.js'
import { configFiles, folderSplits, type SplitFiles } from './files/data-files.js'
import { namedFiles } from './files/named-files.js'
import { firstFeatures, formats, isReadingOption, openSplit, type Reading } from './readers.js'
import { cardFeatures, type Features } from './tables/features.js'

export interface LoadDatasetOptions {
  /** Hugging Face dataset, a local folder, or a format name ("json", "csv", "parquet", "text") with data_files. */
  readonly path: string
  /** Configuration. */
  readonly name: string | null
  /** dataset_kwargs of the task: revision, data_files, data_dir, and arguments of the files' builder. */
  readonly kwargs?: PyDict
  /** Folder that a relative path and data_files are looked up in; the working folder by default. */
  readonly folder?: string
  readonly hub?: HubOptions
}

/** Kwargs of load_dataset that say which files are read, and those that only change how they get here. */
const meaningful = ['revision', 'data_files', 'data_dir']
const harmless = ['trust_remote_code', 'streaming', 'keep_in_memory', 'num_proc', 'cache_dir', 'download_mode']

/** Kinds of those values; csv's own arguments are checked with their meaning. */
const kinds = (
  [
    ['revision', 'text'],
    ['data_dir', 'text'],
    ['field', 'text'],
    ['encoding', 'text'],
    ['sample_by', 'text'],
    ['keep_linebreaks', 'truth'],
    ['columns', 'texts'],
  ] as const
).map(([name, kind]) => ({ name, kind, fallback: null }))

/** Opens a dataset as datasets.load_dataset does; files are downloaded and read split by split. Throws InputError. */
export async function loadDataset({
  path,
  name,
  kwargs = new Map(),
  folder = '.',
  hub = {},
}: LoadDatasetOptions): Promise<Dataset> {
  const unknown = [...kwargs.keys()].find(
    (key) => !meaningful.includes(key) && !harmless.includes(key) && !isReadingOption(key),
  )
  if (unknown !== undefined) throw new InputError(`dataset_kwargs.${unknown} of dataset ${path} is not supported`)
  checkFields(
    new Map([...kwargs].filter(([key]) => kinds.some(({ name }) => name === key))),
    kinds,
    (key, what) => new InputError(`dataset_kwargs.${key} of dataset ${path} ${what}`),
  )
  const text = (key: string) => (kwargs.get(key) as string | null | undefined) ?? null
  const reading: Reading = {
    dataset: path,
    format: formats.includes(path) ? path : null,
    kwargs,
    ...(hub.signal ? { signal: hub.signal } : {}),
  }
  const dataFiles = kwargs.get('data_files') ?? null
  const dataDir = kwargs.get('data_dir') ?? null
  if (reading.format !== null) {
    if (dataFiles === null) throw new InputError(`dataset_path "${path}" needs dataset_kwargs.data_files`)
    return dataset(path, await namedFiles(dataFiles, folder, hub), null, reading)
  }
  const place = resolve(folder, path)
  if (isFile(place))
    throw new InputError(
      `dataset_path ${path} is a file; name its format (${formats.join(', ')}) there, and the file in dataset_kwargs.data_files`,
    )
  if (existsSync(place)) return folderDataset(path, place, { config: name, dataFiles, dataDir }, reading)
  const repository = await resolveRepository({
    type: 'dataset',
    name: path,
    ...(text('revision') === null ? {} : { revision: text('revision')! }),
    ...hub,
  })
  return hubDataset(repository, { config: name, dataFiles, dataDir, reading, hub })
}

interface HubDatasetOptions {
  readonly config: string | null
  readonly dataFiles: PyValue
  readonly dataDir: PyValue
  readonly reading: Reading
  readonly hub: HubOptions
}

async function hubDataset(repository: Repository, options: HubDatasetOptions): Promise<Dataset> {
  const { config, dataFiles, dataDir, reading, hub } = options
  const cardPath = await repositoryFileIfPresent(repository, 'README.md', hub)
  const card =
    cardPath === null
      ? new Map<string, PyValue>()
      : readCard(readFileSync(cardPath, 'utf8'), `${repository.name}/README.md`)
  const files = (await listRepositoryFiles(repository, hub)).map((file) => file.path)
  const script = `${basename(repository.name)}.py`
  if (dataFiles === null && dataDir === null && files.includes(script) && !card.has('configs'))
    return exportedDataset(repository, script, options)
  const found = chosenFiles(repository.name, card, files, options)
  return dataset(
    `${repository.name}${config === null ? '' : ` (${config})`}`,
    located(found.splits, async (file) => ({
      path: await repositoryFile(repository, file, hub),
      name: `${repository.name}/${file}`,
    })),
    cardFeatures(card, found.config, `${repository.name}/README.md`),
    reading,
  )
}

/** A repository that is a Python script: the hub keeps what such scripts give as parquet files, in folders by configuration and split. */
async function exportedDataset(
  { name }: Repository,
  script: string,
  { config, reading, hub }: HubDatasetOptions,
): Promise<Dataset> {
  const revision = 'refs/convert/parquet'
  const because = `dataset ${name} is a Python script (${script}), which cannot be run`
  let exported: Repository
  try {
    exported = await resolveRepository({ type: 'dataset', name, revision, ...hub })
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause
    throw new InputError(`${because}, and the hub's own parquet version of it is not there: ${cause.message}`, {
      cause,
    })
  }
  const files = (await listRepositoryFiles(exported, hub)).map((file) => file.path)
  const splits = new Map<string, Map<string, string[]>>()
  for (const file of files) {
    const [, folder, split] = /^([^/]+)\/(?:partial-)?([^/]+)\/[^/]+\.parquet$/.exec(file) ?? []
    if (folder === undefined || split === undefined) continue
    const known = splits.get(folder) ?? new Map<string, string[]>()
    splits.set(folder, known.set(split, [...(known.get(split) ?? []), file]))
  }
  const names = [...splits.keys()]
  const wanted = config ?? (names.length === 1 ? names[0]! : 'default')
  const found = splits.get(wanted)
  if (found === undefined)
    throw new InputError(`${because}; the hub's parquet version has no configuration "${wanted}" but ${listed(names)}`)
  return dataset(
    `${name}${config === null ? '' : ` (${config})`}`,
    located(found, async (file) => ({ path: await repositoryFile(exported, file, hub), name: `${name}/${file}` })),
    null,
    reading,
  )
}

function folderDataset(
  path: string,
  root: string,
  chosen: Pick<HubDatasetOptions, 'config' | 'dataFiles' | 'dataDir'>,
  reading: Reading,
): Dataset {
  const cardPath = join(root, 'README.md')
  const card = isFile(cardPath) ? readCard(readFileSync(cardPath, 'utf8'), cardPath) : new Map<string, PyValue>()
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => isFile(join(root, file)))
    .map((file) => file.split(sep).join('/'))
  const found = chosenFiles(path, card, files, chosen)
  return dataset(
    path,
    located(found.splits, async (file) => ({ path: join(root, file), name: join(path, file) })),
    cardFeatures(card, found.config, cardPath),
    reading,
  )
}

function chosenFiles(
  name: string,
  card: PyDict,
  files: readonly string[],
  { config, dataFiles, dataDir }: Pick<HubDatasetOptions, 'config' | 'dataFiles' | 'dataDir'>,
): { config: string; splits: SplitFiles } {
  return dataFiles === null && dataDir === null
    ? configFiles(name, card, files, config)
    : { config: config ?? 'default', splits: folderSplits(name, dataFiles, files, dataDir) }
}

/** Split name -> how to get its files. */
type OpenFiles = ReadonlyMap<string, () => Promise<DataFile[]>>

function located(splits: SplitFiles, locate: (file: string) => Promise<DataFile>): OpenFiles {
  return new Map([...splits].map(([split, files]) => [split, () => Promise.all(files.map(locate))]))
}

function dataset(name: string, splits: OpenFiles, features: Features, reading: Reading): Dataset {
  const open = new Map<string, Promise<Split>>()
  const names = [...splits.keys()]
  let first: Promise<Features> | undefined
  // datasets casts every split to the types of the first one
  const schemaFor = async (split: string): Promise<Features> => {
    if (features !== null || split === names[0]) return features
    first ??= splits.get(names[0]!)!().then((files) => firstFeatures(files, reading))
    return first
  }
  return {
    name,
    splitNames: names,
    split: async (split) => {
      const files = splits.get(split)
      if (!files) throw new InputError(`dataset ${name} has no split "${shortened(split)}"; it has ${listed(names)}`)
      const known =
        open.get(split) ?? files().then(async (located) => openSplit(located, await schemaFor(split), reading))
      open.set(split, known)
      return known
    },
  }
}

/** The YAML block at the beginning of a dataset card. */
function readCard(text: string, name: string): PyDict {
  const block = /^---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1]
  const card = block === undefined ? null : parseYaml(block, name)
  return card instanceof Map ? (card as PyDict) : new Map()
}
