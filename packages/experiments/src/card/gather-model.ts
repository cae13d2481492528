import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { indexTasks, type PreparedTask } from '@saeval/eval-harness'
import { formats } from '@saeval/eval-harness/internal/datasets/readers'
import { taskFiles } from '@saeval/eval-harness/internal/task-files'
import { leaves, nodeName } from '@saeval/eval-harness/internal/tasks/load-tasks'
import { type HubOptions, InputError, resolveRepository } from '@saeval/hub'
import { getModelFactory, type ModelArguments, type ModelFile } from '@saeval/language-model'
import { dumpsJson, fromPlain } from '@saeval/python'
import type { Experiment, ExperimentRun } from '@saeval/report'
import { featuresFileName } from '@saeval/steering/internal/edits/features-file'
import * as v from 'valibot'
import { openEvaluation, tasksOfRun } from '../open-evaluation.js'
import type { RunSettings } from '../run-settings.js'
import type { Card, CardSetting, HashedFile } from './card-file.js'
import type { CardInputs } from './card-inputs.js'
import { settingLabel } from './card-statistics.js'
import { argumentsOf, type CardResults, filesOfVectors, foldersIn, steeringOf } from './gather-settings.js'
import { hashedModel, hashedSae } from './hashed-files.js'
import { sha256Of } from './manifest.js'
import { fileArguments } from './open-card.js'
import { withoutFolders } from './secrets.js'
import { namedBy } from './task-walls.js'

/** How a model is opened for a card. */
export interface GatherOptions {
  /** Whether tasks that run what the model writes may run. */
  readonly confirmUnsafeCode: boolean
  readonly device: string | null
  readonly gpuMemory: number | null
  readonly signal?: AbortSignal
  readonly hub?: HubOptions
}

/** What of the models and tasks goes into a card. */
export interface GatheredModel extends Pick<Card, 'model' | 'folders' | 'releases' | 'datasets' | 'environment'> {
  readonly settings: readonly Omit<CardSetting, 'samples'>[]
  /** Names of tasks and groups, and the paths in the card of the folders that hold their files. */
  readonly tasks: readonly string[]
  readonly includePath: readonly string[]
  readonly unsafeCode: boolean
}

/** Bytes of a local folder's files, up to which a card takes them in. */
const mostCopied = 1e8

/**
 * Opens the first steered model on the tasks and takes into `inputs` all files of this machine that the results were made of. Throws InputError where a file
 * is another one now than it was then, and for files that no card can hold.
 */
export async function gatherModel(
  { experiment }: CardResults,
  run: RunSettings,
  inputs: CardInputs,
  options: GatherOptions,
): Promise<GatheredModel> {
  const hub = options.hub ?? {}
  const nodes = tasksOfRun(run)
  for (const path of run.include_path) inputs.allow(path)
  for (const file of taskFiles(nodes, '.')) inputs.add(file, 'the tasks are made of')
  // what was named by its file is found below that file's folder
  const index = indexTasks(run.include_path)
  const alone = leaves(nodes).flatMap(({ task, file }) => (index.entries.get(task)?.file === file ? [] : [file]))
  const include = [...run.include_path, ...new Set(alone.map((file) => join(file, '..')))]
  const [first] = experiment.runs
  const evaluation = await openEvaluation(
    {
      ...run,
      confirm_run_unsafe_code: options.confirmUnsafeCode,
      device: options.device,
      gpu_memory: options.gpuMemory,
    },
    nodes,
    (context) => getModelFactory(first!.results.model)(openedWith(first!, run), context),
    { ...(options.signal ? { signal: options.signal } : {}), hub },
  )
  try {
    const { model, prepared } = evaluation
    const files = (await model.files?.()) ?? []
    if (files.length === 0)
      throw new InputError('this model does not tell which files decide its answers, so no card can hold them')
    const folders: Record<string, string | null> = {}
    const releases: Record<string, string> = {}
    addFolder(
      inputs,
      folders,
      files.filter(({ commit }) => commit === ''),
    )
    const settings: Omit<CardSetting, 'samples'>[] = []
    for (const steered of experiment.runs) settings.push(await settingOf(steered, { inputs, folders, releases, hub }))
    const computed = recorded(experiment, 'computed_in')
    return {
      model: { name: nameOf(files), files: (await hashedModel(files)).map(shown) },
      folders,
      releases,
      settings,
      tasks: nodes.map(nodeName),
      includePath: include.filter((path) => existsSync(path)).map((path) => inputs.place(path, 'the tasks lie in')),
      unsafeCode: leaves(nodes).some(({ unsafeCode }) => unsafeCode),
      environment: {
        device: recorded(experiment, 'device') ?? 'cpu',
        ...(computed === null ? {} : { computed_in: computed }),
        dtype: model.info.dtype,
      },
      datasets: await datasetsOf(prepared.tasks, hub),
    }
  } finally {
    await evaluation.close()
  }
}

/** What the results record of where they were computed, each once; null where they record nothing, as of the CPU. */
export function recorded({ baseline, runs }: Pick<Experiment, 'baseline' | 'runs'>, name: string): string | null {
  const all = [...(baseline ? [baseline] : []), ...runs].map(({ results }) => results.provenance?.[name])
  if (all.every((value) => typeof value !== 'string')) return null
  return [
    ...new Set(all.map((value) => (typeof value === 'string' ? value : name === 'device' ? 'cpu' : 'float32'))),
  ].join(' and ')
}

/** model_args of a run as the model is opened with them. */
function openedWith(run: ExperimentRun, { allow_inert_rows: allow }: RunSettings): ModelArguments {
  return allow ? { ...argumentsOf(run), allow_inert_rows: true } : argumentsOf(run)
}

/** Where config.json is from. */
function nameOf(files: readonly ModelFile[]): string {
  return withoutFolders((files.find(({ path }) => path === 'config.json') ?? files[0]!).place, process.cwd()) as string
}

/** A folder of this machine goes by what it is called, without who works here. */
function shown(file: HashedFile): HashedFile {
  return { ...file, place: withoutFolders(file.place, process.cwd()) as string }
}

interface Gathering {
  readonly inputs: CardInputs
  readonly folders: Record<string, string | null>
  readonly releases: Record<string, string>
  readonly hub: HubOptions
}

async function settingOf(
  run: ExperimentRun,
  { inputs, folders, releases, hub }: Gathering,
): Promise<Omit<CardSetting, 'samples'>> {
  const { results } = run
  const { model } = results
  if (model !== 'sae_steered_beta' && model !== 'steered')
    throw new InputError(
      `${results.path} is of the model ${model}; a card is of the models sae_steered_beta and steered`,
    )
  const { sha256, saes } = steeringOf(run)
  const args = argumentsOf(run)
  const paths: Record<string, string> = {}
  for (const name of fileArguments) {
    const path = args[name]
    if (typeof path !== 'string') continue
    if (!existsSync(path))
      throw new InputError(
        `${results.path} was made with ${name}=${path}, which is not here; call saeval where that run was called`,
      )
    const files = filesOfVectors(path)
    if (statSync(path).isDirectory()) {
      inputs.allow(path)
      for (const file of files) inputs.add(file, `${name} is made of`)
      paths[name] = inputs.place(path, name)
    } else paths[name] = inputs.addNamed(path, name)
    if (name === 'steer_path' && /\.json$/i.test(path))
      for (const source of namedBy(path, 'source')) inputs.add(join(path, '..', source), `${path} names`)
    const isEdits = name === 'csv_path' || name === 'steer_path'
    if (isEdits && files.length === 1 && (await sha256Of(files[0]!)) !== sha256)
      throw new InputError(
        `${path} is another file now than when ${results.path} was made; put that one back, or run it again`,
      )
  }
  if (typeof args.csv_path === 'string')
    for (const [name, folder] of foldersIn(args.csv_path)) {
      releases[name] = withoutFolders(folder, process.cwd()) as string
      const own = saes.filter((file) => file.commit === null && resolve(file.place) === resolve(folder))
      addFolder(
        inputs,
        folders,
        own.flatMap(({ path }) => sideFiles(folder, path)),
      )
    }
  return {
    id: run.id ?? run.label,
    label: settingLabel(run),
    model,
    model_args: JSON.parse(dumpsJson(withoutFolders(fromPlain(args), process.cwd()))) as CardSetting['model_args'],
    paths,
    steering_sha256: sha256,
    edits: editsOf(run),
    saes: (await hashedSae(saes, hub)).map(shown),
  }
}

/** A file of an SAE, and the features file beside it. */
function sideFiles(folder: string, path: string): ModelFile[] {
  const features = join(path, '..', featuresFileName).replaceAll('\\', '/')
  return [path, ...(existsSync(join(folder, features)) ? [features] : [])].map((own) => {
    return { place: folder, commit: '', path: own, file: join(folder, own) }
  })
}

/** Takes in the files of folders of this machine, up to 100 MB each; of larger ones the card holds hashes. */
function addFolder(inputs: CardInputs, folders: Record<string, string | null>, files: readonly ModelFile[]): void {
  for (const place of new Set(files.map((file) => file.place))) {
    const own = files.filter((file) => file.place === place)
    const name = withoutFolders(place, process.cwd()) as string
    inputs.allow(place)
    const bytes = own.reduce((sum, { file }) => sum + statSync(file).size, 0)
    if (bytes > mostCopied) folders[name] = null
    else {
      for (const { file } of own) inputs.add(file, `${name} is made of`)
      folders[name] = inputs.place(place, 'the model or SAE')
    }
  }
}

/** One line for each edit, of the run's own record. */
function editsOf({ results }: ExperimentRun): string[] {
  const { rows } = v.parse(
    v.fallback(v.looseObject({ rows: v.array(v.looseObject({})) }), { rows: [] }),
    results.provenance?.steering,
  )
  return rows.map((row) => {
    const {
      hook_action: action,
      steering_coefficient: coefficient,
      latent_idx: latent,
      hook_point: hookPoint,
      description,
    } = row
    const what =
      latent === undefined
        ? `vector ${coefficient ?? ''}`.trim()
        : `${action} ${action === 'ablate' ? '' : `${coefficient} x `}latent ${latent} of ${row.sae_release} ${row.sae_id}`
    const said = typeof description === 'string' && description !== '' ? ` (${description.slice(0, 100)})` : ''
    return withoutFolders(`${what}${hookPoint === undefined ? '' : ` at ${hookPoint}`}${said}`, process.cwd()) as string
  })
}

/** Data sets of the hub that tasks name, at their commits; null where that is not known. */
async function datasetsOf(tasks: readonly PreparedTask[], hub: HubOptions): Promise<Record<string, string | null>> {
  const names = new Set(tasks.flatMap(({ task: { config } }) => config.datasetPath ?? []))
  const found: Record<string, string | null> = {}
  for (const name of names) {
    if (formats.includes(name) || existsSync(name)) continue
    found[name] = await resolveRepository({ type: 'dataset', name, ...hub }).then(
      ({ commit }) => commit,
      () => null,
    )
  }
  return found
}
