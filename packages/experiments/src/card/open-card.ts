import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { indexTasks, type TaskNode } from '@saeval/eval-harness'
import { InputError, option, sentence } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import { isInside } from '@saeval/hub/internal/repository'
import type { ModelArgument, ModelArguments } from '@saeval/language-model'
import { fromPlain, type PyDict } from '@saeval/python'
import { baseModelRepository } from '@saeval/sae-core'
import { isListedRelease } from '@saeval/sae-core/internal/registry/find-sae'
import { parseSteeringCsv, writeSteeringCsv } from '@saeval/steering-csv'
import { tasksOfRun } from '../open-evaluation.js'
import type { RunSettings } from '../run-settings.js'
import { type Card, type CardSetting, cardNames, isCardPath, readCard } from './card-file.js'
import type { Manifest } from './manifest.js'
import { checkTaskFiles, namedBy } from './task-walls.js'

/** Arguments of models that name a file. */
export const fileArguments = ['csv_path', 'steer_path', 'features_path', 'norm_text'] as const

/** Bytes of a file of JSON, which is read whole. */
const largestJson = 2 ** 26

export interface OpenCardOptions {
  /** Folders of this machine that stand for those whose files the card does not hold: name in the card -> folder. */
  readonly places: ReadonlyMap<string, string>
  /** Whether tasks that run what the model writes may run. */
  readonly confirmUnsafeCode: boolean
  /** Where the model computes. */
  readonly device: string | null
  readonly gpuMemory: number | null
}

/** A card whose every path has been looked at: nothing that is opened by it lies outside of the card, but for `places`. */
export interface OpenCard {
  readonly folder: string
  readonly card: Card
  /** Folder in which the relative names of its task files begin. */
  readonly dataFolder: string
  readonly run: RunSettings
  readonly tasks: readonly TaskNode[]
  /** model_args of a setting, as they are on this machine. */
  argumentsOf(setting: CardSetting): ModelArguments
  /** What a folder that the card names is called here; a repository's name stays. */
  placeOf(name: string): string
  /** Full path of one of the card's files. */
  file(path: string): string
  /** Removes what was written for it. */
  close(): void
}

/** Opens a card whose files are those of its manifest. Throws InputError for one that is none, and for names that lead out of it. */
export function openCard(folder: string, manifest: Manifest, options: OpenCardOptions): OpenCard {
  const root = resolve(folder)
  const { card, exact } = readCard(root)
  const names = Object.keys(manifest.files)
  const holds = (path: string) => Object.hasOwn(manifest.files, path)
  const holdsFolder = (path: string) => names.some((name) => name === path || name.startsWith(`${path}/`))
  const wrong = (what: string) => new InputError(`${join(folder, cardNames.card)} names ${what}`)
  const file = (path: string) => {
    if (isCardPath(path) && holds(path)) return join(root, path)
    throw wrong(`${shown(path)}, which is no file of the card`)
  }
  const place = (path: string) => {
    if (isCardPath(path) && holdsFolder(path)) return join(root, path)
    throw wrong(`${shown(path)}, which is not in the card`)
  }
  for (const [name, { bytes }] of Object.entries(manifest.files))
    if (name.endsWith('.json') && bytes > largestJson)
      throw new InputError(`${name} of the card has ${bytes} bytes, and a card's JSON has at most ${largestJson}`)
  for (const { samples } of [card.unsteered, ...card.settings]) for (const path of Object.values(samples)) file(path)
  // what is read as a task: every YAML file below these folders, and a file that is named by itself whatever it is called
  const elsewhere = card.run.include_path.find((path) => !`${path}/`.startsWith(`${cardNames.files}/`))
  if (elsewhere !== undefined) throw wrong(`tasks in ${shown(elsewhere)}, and a card's tasks lie in ${cardNames.files}`)
  const yaml = names.filter((name) => name.startsWith(`${cardNames.files}/`) && /\.ya?ml$/.test(name))
  checkTaskFiles(root, new Set([...yaml, ...card.run.include_path.filter(holds)]), holds)
  const unknown = [...options.places.keys()].find((name) => !Object.hasOwn(card.folders, name))
  if (unknown !== undefined)
    throw new InputError(
      sentence`${option('place')} ${unknown}: the card names no such folder; it names ${Object.keys(card.folders).join(', ') || 'none'}`,
    )
  const folders = new Map(
    Object.entries(card.folders).map(([name, path]) => {
      const given = options.places.get(name)
      if (given !== undefined) return [name, resolve(given)] as const
      if (path !== null) return [name, place(path)] as const
      throw new InputError(
        sentence`the card does not hold the files of ${name}, which were on the machine that made it: say where they are by ${option('place')} ${name}=FOLDER`,
      )
    }),
  )
  for (const adapter of names.filter((name) => basename(name) === 'adapter_config.json'))
    for (const base of namedBy(join(root, adapter), 'base_model_name_or_path')) if (existsSync(base)) throw here(base)
  const run: RunSettings = {
    ...card.run,
    model: 'sae_steered_beta',
    model_args: fromPlain(card.settings[0]?.model_args ?? {}) as PyDict,
    ...exact,
    samples: card.run.samples && new Map(Object.entries(card.run.samples)),
    include_path: card.run.include_path.map(place),
    max_batch_size: null,
    device: options.device,
    gpu_memory: options.gpuMemory,
    output_path: null,
    log_samples: true,
    confirm_run_unsafe_code: options.confirmUnsafeCode,
    use_cache: null,
  }
  const index = indexTasks(run.include_path)
  const missing = run.tasks.find((name) => !index.entries.has(name) && !index.tags.has(name))
  if (missing !== undefined) throw wrong(`task ${shown(missing)}, which is neither in the card nor one of saeval's own`)
  const tasks = tasksOfRun(run)
  const temporary = mkdtempSync(join(tmpdir(), 'saeval-card-'))
  let csvs = 0
  const csvOf = (path: string) => {
    const written = withFolders(file(path), card, folders)
    if (written === null) return file(path)
    const own = join(temporary, `${csvs++}-${basename(path)}`)
    writeFileSync(own, written)
    return own
  }
  return {
    folder: root,
    card,
    dataFolder: join(root, cardNames.files),
    run,
    tasks,
    file,
    placeOf: (name) => folders.get(name) ?? name,
    argumentsOf: (setting) => {
      const args = Object.entries(setting.model_args as ModelArguments).map(
        ([name, value]): [string, ModelArgument] => {
          const path = Object.hasOwn(setting.paths, name) ? setting.paths[name]! : null
          if (path !== null) {
            if (name === 'csv_path' && !/\.json$/i.test(path)) return [name, csvOf(path)]
            if (name === 'steer_path') checkVectors(root, path, holds)
            return [name, place(path)]
          }
          if ((fileArguments as readonly string[]).includes(name))
            throw wrong(`${name}=${shown(value)}, which is no file of the card`)
          for (const text of textsIn(value)) if (!folders.has(text) && isHere(name, text)) throw here(text)
          return [name, typeof value === 'string' ? (folders.get(value) ?? value) : value]
        },
      )
      return pinned(Object.fromEntries(args), card)
    },
    close: () => rmSync(temporary, { recursive: true, force: true }),
  }
}

/** The base model at the commit that the card was made with; a check of names would look at what folders are called. */
function pinned(args: ModelArguments, { model }: Card): ModelArguments {
  const base = args.base_name ?? args.pretrained
  const commit = model.files.find(({ place }) => place === model.name)?.commit ?? null
  const isBase = typeof base === 'string' && baseModelRepository(base) === model.name
  return {
    ...args,
    ...(commit !== null && isBase && args.revision === undefined ? { revision: commit } : {}),
    allow_other_model: true,
  }
}

/** The text of a CSV with this machine's folders for those that it names; null where it names none. */
function withFolders(path: string, card: Card, folders: ReadonlyMap<string, string>): string | null {
  const parsed = parseSteeringCsv(readFileSync(path))
  if (!parsed.success) return null
  if (parsed.dialect === 'steered') {
    for (const { sparse_model: name } of parsed.rows) if (existsSync(name)) throw here(name)
    return null
  }
  const releaseOf = (name: string): string => {
    const folder = Object.hasOwn(card.releases, name) ? folders.get(card.releases[name]!) : undefined
    if (folder !== undefined) return folder
    if (!isListedRelease(name) && (isAbsolute(name) || existsSync(name) || existsSync(join(dirname(path), name))))
      throw here(name)
    return name
  }
  let changed = false
  const rows = parsed.rows.map((row) => {
    const { condition_sae_release: other } = row
    const release = row.neuronpedia === undefined ? releaseOf(row.sae_release) : row.sae_release
    const condition = other === undefined || row.condition_neuronpedia !== undefined ? other : releaseOf(other)
    changed ||= release !== row.sae_release || condition !== other
    return { ...row, sae_release: release, ...(condition === undefined ? {} : { condition_sae_release: condition }) }
  })
  return changed ? writeSteeringCsv(rows) : null
}

/** Throws InputError where a file of vectors names another one that is not in the card. */
function checkVectors(root: string, path: string, holds: (path: string) => boolean): void {
  const full = join(root, path)
  if (!/\.json$/i.test(path) || statSync(full).isDirectory()) return
  for (const source of namedBy(full, 'source')) {
    const other = resolve(dirname(full), source)
    const inside = relative(root, other).split(sep).join('/')
    if (isAbsolute(source) || !isInside(root, other) || !holds(inside))
      throw new InputError(`${path} of the card names ${shown(source)}, which is not in the card`)
  }
}

/** Arguments whose values may be folders. */
const folderArguments = ['base_name', 'pretrained', 'tokenizer', 'peft', 'delta']

function isHere(argument: string, text: string): boolean {
  return isAbsolute(text) || ((folderArguments.includes(argument) || /[/\\]/.test(text)) && existsSync(text))
}

function textsIn(value: ModelArgument): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

function here(name: string): InputError {
  return new InputError(
    `the card names ${shown(name)}, which on this machine is a file or folder that is not the card's; check it from a folder in which that is nothing`,
  )
}
