import { join, relative, resolve, sep } from 'node:path'
import type { PreparedEvaluation, PreparedTask } from '@saeval/eval-harness'
import { withNumberedDraws } from '@saeval/eval-harness/internal/numbered-draws'
import { leaves } from '@saeval/eval-harness/internal/tasks/load-tasks'
import type { HubOptions, Notice } from '@saeval/hub'
import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { getModelFactory, type LanguageModel, steerableOf } from '@saeval/language-model'
import { type Experiment, readExperiment } from '@saeval/report'
import type { SaeFileIdentity } from '@saeval/sae-core'
import { openEvaluation } from '../open-evaluation.js'
import type { PluginIdentity } from '../plugin-identity.js'
import { shuffled } from '../shuffled.js'
import { askAgain, type CheckedTask, readSamplesOf } from './ask-again.js'
import { type Card, type CardSetting, cardNames, readCardJson } from './card-file.js'
import { cardStatistics, otherStatistics, settingLabel } from './card-statistics.js'
import { hashedModel, hashedSae, otherFiles } from './hashed-files.js'
import { damageOf, type Manifest, readManifest } from './manifest.js'
import { type OpenCard, type OpenCardOptions, openCard } from './open-card.js'
import { otherScores } from './other-scores.js'

export interface CheckCardOptions extends Partial<OpenCardOptions> {
  /** Documents of each task that are asked again, at most. */
  readonly documents: number
  /** Settings that are asked, at most, beside the unsteered model. */
  readonly settings: number
  /** Which documents and settings are drawn. */
  readonly seed: number
  /** Plug-ins that are loaded. */
  readonly plugins?: readonly PluginIdentity[]
  readonly signal?: AbortSignal
  readonly hub?: HubOptions
  readonly onNotice?: Notice
  /** What is done, before it is, and how far everything is (0 to 1). */
  readonly onStage?: (what: string, share: number) => void
}

/** What a check has found. */
export interface CardCheck {
  /** SHA-256 of the card's manifest, which stands for the whole card. */
  readonly sha256: string
  /** What of the files, the statistics, the model and the SAEs is not as the card says; with some of these nothing is asked. */
  readonly problems: readonly string[]
  /** null where nothing was asked. */
  readonly device: string | null
  readonly seed: number
  readonly tasks: readonly CheckedTask[]
  readonly passed: boolean
}

/**
 * Checks a card on this machine: its files by its manifest, its statistics by its samples, the model's and the SAEs' files by their hashes, and then asks the
 * model random documents of each task again, steered and unsteered. Answers may be apart as verify allows it: log-probabilities by 1e-4 nats a token, and on
 * another kind of device by 1e-3. Throws InputError for what is no card, and for one that names something outside of it.
 */
export async function checkCard(folder: string, options: CheckCardOptions): Promise<CardCheck> {
  const { seed, onStage = () => {}, signal, hub = {} } = options
  const { manifest, sha256 } = readManifest(folder)
  const found = { sha256, seed, device: null, tasks: [], passed: false }
  onStage('reading the card', 0)
  const damage = await damageOf(folder, manifest)
  if (damage.length > 0) return { ...found, problems: damage }
  const open = openCard(folder, manifest, {
    places: options.places ?? new Map(),
    confirmUnsafeCode: options.confirmUnsafeCode ?? false,
    device: options.device ?? null,
    gpuMemory: options.gpuMemory ?? null,
  })
  try {
    const { card } = open
    const experiment = await readExperiment(join(open.folder, cardNames.results))
    const problems = [
      ...editProblems(card, manifest),
      ...resultsProblems(open, experiment),
      ...(await statisticsProblems(open, experiment)),
      ...pluginProblems(card, options.plugins ?? []),
    ]
    if (problems.length > 0) return { ...found, problems }
    const random = seededUniform(seed)
    const chosen = inOrder(shuffled([...card.settings.keys()], random).slice(0, options.settings)).map(
      (at) => card.settings[at]!,
    )
    onStage('opening the model', 0)
    const opening = {
      ...(signal ? { signal } : {}),
      hub,
      dataFolder: open.dataFolder,
      ...(options.onNotice ? { onNotice: options.onNotice } : {}),
    }
    const evaluation = await openEvaluation(
      open.run,
      open.tasks,
      (context) => getModelFactory(chosen[0]!.model)(open.argumentsOf(chosen[0]!), context),
      opening,
    )
    try {
      const { context, prepared } = evaluation
      const others = await samplesProblems(experiment, prepared)
      if (others.length > 0) return { ...found, problems: others }
      const device = evaluation.model.info.device ?? null
      const isSameDevice = kindOf(device) === kindOf(card.environment.device ?? null)
      const tasks = chosenTasks(withNumberedDraws(prepared.tasks), options.documents, random)
      const samplesOf = (paths: Readonly<Record<string, string>>) => readSamplesOf(open, paths, tasks)
      const checked: CheckedTask[] = []
      const ask = async (label: string, model: LanguageModel, paths: Readonly<Record<string, string>>, at: number) => {
        onStage(label, at / (chosen.length + 1))
        const own = { open, tasks, told: await samplesOf(paths), isSameDevice, signal }
        checked.push(...(await askAgain(label, model, own)))
      }
      for (const [at, setting] of chosen.entries()) {
        const model =
          at === 0 ? evaluation.model : await getModelFactory(setting.model)(open.argumentsOf(setting), context)
        try {
          const wrong = await identityProblems(setting, model, open, hub)
          if (wrong.length > 0) return { ...found, device, problems: wrong }
          if (at === 0) await ask('unsteered', steerableOf(model)!.steer([]), card.unsteered.samples, 0)
          await ask(setting.label, model, setting.samples, at + 1)
        } finally {
          if (at > 0) await model.close()
        }
      }
      const passed = checked.every(({ differences }) => differences.length === 0)
      return { ...found, device, problems: [], tasks: checked, passed }
    } finally {
      await evaluation.close()
    }
  } finally {
    open.close()
  }
}

/** Where the results are not those that card.json names: other settings, tasks or samples. */
function resultsProblems({ folder, card, tasks }: OpenCard, { baseline, runs }: Experiment): string[] {
  if (baseline === null || runs.length !== card.settings.length)
    return [`${cardNames.results} holds ${runs.length} settings, ${cardNames.card} has ${card.settings.length}`]
  const names = leaves(tasks).map(({ task }) => task)
  return [
    { run: baseline, label: 'unsteered', samples: card.unsteered.samples },
    ...runs.map((run, at) => ({ run, ...card.settings[at]! })),
  ].flatMap(({ run, label, samples }) => {
    const own = run === baseline ? label : settingLabel(run)
    if (own !== label) return [`${cardNames.results} holds ${own} where ${cardNames.card} has ${label}`]
    const there = new Map(
      [...run.results.samples].map(([task, file]) => [task, relative(folder, resolve(file)).split(sep).join('/')]),
    )
    const scored = run.results.scores.flatMap(({ task, members }) => (members === null ? [task] : []))
    return [...new Set([...names, ...scored, ...there.keys(), ...Object.keys(samples)])].flatMap((task) => {
      if (!names.includes(task)) return [`${label}: ${task} is in the results, and no task that ${cardNames.card} asks`]
      const [one, other] = [Object.hasOwn(samples, task) ? samples[task] : undefined, there.get(task)]
      return one !== undefined && one === other
        ? []
        : [
            `${label}, ${task}: ${cardNames.card} names the samples ${one ?? 'none'}, the results have ${other ?? 'none'}`,
          ]
    })
  })
}

async function statisticsProblems({ folder }: OpenCard, experiment: Experiment): Promise<string[]> {
  return otherStatistics(readCardJson(folder, cardNames.statistics), await cardStatistics(experiment))
}

/** Where samples are not those of the documents that are asked, or results are not theirs. */
async function samplesProblems(
  { baseline, runs, controls = [] }: Experiment,
  prepared: PreparedEvaluation,
): Promise<string[]> {
  const empty = prepared.tasks.flatMap(({ task, asked }) => (asked.length > 0 ? [] : [task.config.task]))
  if (empty.length > 0) return empty.map((task) => `${task}: the card asks no document of it`)
  const wrong: string[] = []
  for (const { label, results } of [
    { label: 'unsteered', results: baseline!.results },
    ...runs.map((run) => ({ label: settingLabel(run), results: run.results })),
    ...controls.map(({ of, results }) => ({ label: `control of ${of}`, results })),
  ])
    wrong.push(...(await otherScores(results, prepared)).map((what) => `${label}, ${what}`))
  return wrong
}

/** Files of edits that are not those of which the results were made. */
function editProblems({ settings }: Card, { files }: Manifest): string[] {
  return settings.flatMap(({ label, paths, steering_sha256: told }) => {
    const path = paths.csv_path ?? paths.steer_path
    const own = path !== undefined && Object.hasOwn(files, path) ? files[path]!.sha256 : null
    return own === null || own === told
      ? []
      : [`${label}: ${path} has SHA-256 ${own.slice(0, 12)}…, and was ${told.slice(0, 12)}… when the results were made`]
  })
}

function pluginProblems(card: Card, loaded: readonly PluginIdentity[]): string[] {
  const hashes = new Set(loaded.map(({ sha256 }) => sha256))
  return card.plugins.flatMap(({ name, sha256 }) =>
    hashes.has(sha256)
      ? []
      : [`plug-in ${name} with SHA-256 ${sha256.slice(0, 12)}… was loaded when the card was made, and is not here`],
  )
}

async function identityProblems(
  { label, saes }: CardSetting,
  model: LanguageModel,
  { card, placeOf }: OpenCard,
  hub: HubOptions,
): Promise<string[]> {
  const record = model.report?.().provenance?.steering as
    | { saes?: readonly { files?: readonly SaeFileIdentity[] }[] }
    | undefined
  const files = (record?.saes ?? []).flatMap(({ files = [] }) => files)
  return [
    ...otherFiles(`${label}, the model`, card.model.files, await hashedModel((await model.files?.()) ?? []), placeOf),
    ...(card.model.files.some(({ place }) => place === card.model.name)
      ? []
      : [`the model: the card calls it ${card.model.name}, and none of its files is from there`]),
    ...otherFiles(`${label}, SAE`, saes, await hashedSae(files, hub), placeOf),
  ]
}

/** A task's part that is asked again. */
function chosenTasks(tasks: readonly PreparedTask[], most: number, random: () => number): PreparedTask[] {
  return tasks.map((task) => {
    const places = inOrder(shuffled([...task.asked.keys()], random).slice(0, most))
    return { ...task, asked: places.map((at) => task.asked[at]!) }
  })
}

function inOrder(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b)
}

function kindOf(device: string | null): string | null {
  return device?.split(':')[0] ?? null
}
