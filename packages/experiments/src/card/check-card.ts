import { join } from 'node:path'
import { evaluatePrepared, type PreparedTask } from '@saeval/eval-harness'
import { withNumberedDraws } from '@saeval/eval-harness/internal/numbered-draws'
import { type HubOptions, InputError, type Notice } from '@saeval/hub'
import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { getModelFactory, type LanguageModel, steerableOf } from '@saeval/language-model'
import { readExperiment } from '@saeval/report'
import type { SaeFileIdentity } from '@saeval/sae-core'
import { allowed } from '@saeval/steering/internal/verify/check'
import { openEvaluation } from '../open-evaluation.js'
import type { PluginIdentity } from '../plugin-identity.js'
import { generationSeed } from '../run-cell.js'
import { shuffled } from '../shuffled.js'
import { type Card, type CardSetting, cardNames, readCardJson } from './card-file.js'
import { type CardSample, readCardSamples, sampleOf } from './card-samples.js'
import { cardStatistics, otherStatistics } from './card-statistics.js'
import { compareAnswers } from './compare-answers.js'
import { hashedModel, hashedSae, otherFiles } from './hashed-files.js'
import { damageOf, type Manifest, readManifest } from './manifest.js'
import { type OpenCard, type OpenCardOptions, openCard } from './open-card.js'
import { otherMetrics } from './other-metrics.js'

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

/** What asking a task again has found. */
export interface CheckedTask {
  /** Label of the setting; "unsteered". */
  readonly setting: string
  readonly task: string
  readonly documents: number
  /** The largest difference, in nats a token; null where there was no number. */
  readonly largest: number | null
  /** What is allowed, in nats a token. */
  readonly allowed: number
  /** Texts that could not be compared, see ComparedAnswers. */
  readonly untold: number
  readonly differences: readonly string[]
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
    const problems = [
      ...editProblems(card, manifest),
      ...(await statisticsProblems(open)),
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
          const wrong = await identityProblems(setting, model, card, hub, at === 0)
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

async function statisticsProblems({ folder, card }: OpenCard): Promise<string[]> {
  const experiment = await readExperiment(join(folder, cardNames.results))
  const { baseline, runs } = experiment
  if (baseline === null || runs.length !== card.settings.length)
    return [`${cardNames.results} holds ${runs.length} settings, ${cardNames.card} has ${card.settings.length}`]
  return otherStatistics(readCardJson(folder, cardNames.statistics), await cardStatistics(experiment))
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
  card: Card,
  hub: HubOptions,
  isFirst: boolean,
): Promise<string[]> {
  const record = model.report?.().provenance?.steering as
    | { saes?: readonly { files?: readonly SaeFileIdentity[] }[] }
    | undefined
  const files = (record?.saes ?? []).flatMap(({ files = [] }) => files)
  return [
    ...(isFirst ? otherFiles('the model', card.model.files, await hashedModel((await model.files?.()) ?? [])) : []),
    ...otherFiles(`${label}, SAE`, saes, await hashedSae(files, hub)),
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

/** Task -> document -> its lines, one for each filter. */
type Told = ReadonlyMap<string, ReadonlyMap<number, readonly CardSample[]>>

async function readSamplesOf(
  open: OpenCard,
  paths: Readonly<Record<string, string>>,
  tasks: readonly PreparedTask[],
): Promise<Told> {
  const told = new Map<string, Map<number, CardSample[]>>()
  for (const { task, asked } of tasks) {
    const { task: name, filters } = task.config
    const path = Object.hasOwn(paths, name) ? paths[name]! : null
    if (path === null) throw new InputError(`${join(open.folder, cardNames.card)} names no samples of task ${name}`)
    const wanted = new Set(asked.map(({ docId }) => docId))
    const own = new Map<number, CardSample[]>()
    for await (const sample of readCardSamples(open.file(path), task.docs.length * filters.length))
      if (wanted.has(sample.docId)) own.set(sample.docId, [...(own.get(sample.docId) ?? []), sample])
    told.set(name, own)
  }
  return told
}

interface AskedAgain {
  readonly open: OpenCard
  readonly tasks: readonly PreparedTask[]
  readonly told: Told
  readonly isSameDevice: boolean
  readonly signal: AbortSignal | undefined
}

/** Asks a model the chosen documents, and compares. */
async function askAgain(
  setting: string,
  model: LanguageModel,
  { open, tasks, told, isSameDevice, signal }: AskedAgain,
): Promise<CheckedTask[]> {
  const seed = generationSeed(open.run)
  const nodes = tasks.map(({ task }) => ({ kind: 'task', config: task.config }) as const)
  const { samples } = await evaluatePrepared(
    { nodes, tasks },
    { model, generationSeed: seed, bootstrapIterations: 0, ...(signal ? { signal } : {}) },
  )
  const tolerance = isSameDevice ? allowed.order : allowed.device
  const steerable = steerableOf(model)!
  const checked: CheckedTask[] = []
  for (const prepared of tasks) {
    const { task } = prepared.task.config
    const lines = samples.get(task)!.map((line) => sampleOf(line)!)
    const differences: string[] = []
    let largest: number | null = null
    let untold = 0
    for (const document of prepared.asked) {
      const { docId } = document
      const [expected] = told.get(task)!.get(docId) ?? []
      const [actual] = lines.filter((line) => line.docId === docId)
      if (expected === undefined) {
        differences.push(`document ${docId} has no line in the card's samples`)
        continue
      }
      const other = (['doc_hash', 'prompt_hash', 'target_hash', 'requests_hash'] as const).find(
        (name) => expected.hashes[name] !== actual!.hashes[name],
      )
      if (other !== undefined) {
        differences.push(`document ${docId} is another one here: ${other} differs`)
        continue
      }
      const compared = await compareAnswers(document, expected, actual!, {
        allowed: tolerance,
        isSameDevice,
        model,
        steerable,
        seed,
      })
      differences.push(...compared.differences)
      untold += compared.untold
      if (compared.largest !== null) largest = Math.max(largest ?? 0, compared.largest)
    }
    differences.push(...(await otherMetrics(prepared, told.get(task)!, model)))
    // a draw between two tokens that are nearly as likely falls otherwise now and then, and not often
    if (untold > 0.1 * prepared.asked.length)
      differences.push(`${untold} texts of ${prepared.asked.length} documents are other ones here`)
    checked.push({ setting, task, documents: prepared.asked.length, largest, allowed: tolerance, untold, differences })
  }
  return checked
}

function kindOf(device: string | null): string | null {
  return device?.split(':')[0] ?? null
}
