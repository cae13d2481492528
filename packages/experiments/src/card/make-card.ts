import { randomBytes } from 'node:crypto'
import {
  copyFileSync,
  createWriteStream,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { arch, platform } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  InputError,
  makeFolder,
  makeWritableFolder,
  type Notice,
  option,
  type Said,
  sentence,
  writeError,
} from '@saeval/hub'
import type { ModelArguments } from '@saeval/language-model'
import { dumpsJson, parseJson, toPlain } from '@saeval/python'
import { type ExperimentRun, readExperiment, renderReport } from '@saeval/report'
import { type Verification, verify } from '@saeval/steering'
import type { PluginIdentity } from '../plugin-identity.js'
import type { RunSettings } from '../run-settings.js'
import { type Card, cardNames, cardRun, cardText } from './card-file.js'
import { CardInputs } from './card-inputs.js'
import { cardReadme } from './card-readme.js'
import { strippedSamples } from './card-samples.js'
import { cardStatistics, settingLabel } from './card-statistics.js'
import type { CardTexts } from './card-texts.js'
import { type CardCheck, checkCard } from './check-card.js'
import { type GatherOptions, gatherModel } from './gather-model.js'
import { argumentsOf, type CardResults, readCardResults } from './gather-settings.js'
import { manifestText } from './manifest.js'
import { refuseSecrets, withoutFolders } from './secrets.js'

export interface MakeCardOptions extends GatherOptions {
  /** A results folder with a steered and an unsteered run, or a sweep folder. */
  readonly results: string
  /** The card's folder, which is made. */
  readonly output: string
  readonly texts: CardTexts
  /** What a command line of saeval, as results record it, asks for. */
  readonly settingsOf: (command: string) => Promise<RunSettings>
  /** The program's version. */
  readonly saeval: string
  /** More that is recorded of where the card is made: name -> value. */
  readonly environment?: Readonly<Record<string, string>>
  readonly title?: string
  readonly plugins?: readonly PluginIdentity[]
  /** Puts what is said on the card's page into the words of the caller: other names for options. */
  readonly words?: (said: Said) => string
  readonly onNotice?: Notice
  readonly onStage?: (what: string, share: number) => void
}

/** Settings of which each is verified; of more, so many, evenly spaced. */
const mostVerified = 8
/** What the check of the new card asks again. */
const ownCheck = { documents: 2, settings: 2, seed: 0 } as const

/**
 * Makes a card of results: their numbers and hashes, what they were made of, verify's log, statistics, a page. The folder appears when everything is in it and
 * the card has passed a check of a few documents. Throws InputError for results that a card cannot hold, and where a secret would go in; an Error where verify
 * fails or answers are others now.
 */
export async function makeCard(options: MakeCardOptions): Promise<{ readonly card: Card; readonly check: CardCheck }> {
  const { output, onStage = () => {}, signal, onNotice = () => {} } = options
  if (existsSync(output) && readdirSync(output).length > 0)
    throw new InputError(sentence`${option('output')} ${output} is there already; name a folder that is not`)
  const results = await readCardResults(options.results)
  makeWritableFolder(sentence`${option('output')} ${output}`, dirname(resolve(output)))
  const folder = `${resolve(output)}.${randomBytes(6).toString('hex')}.tmp`
  makeFolder(folder)
  try {
    const run = await settingsOfAll(results, options)
    const inputs = new CardInputs(process.cwd())
    const plugins = pluginsOf(results, options.plugins ?? [])
    onStage('opening the model', 0)
    const gathered = await gatherModel(results, run, inputs, options)
    await copyResults(results, folder, options.texts)
    for (const [path, file] of inputs.files) {
      makeFolder(dirname(join(folder, path)))
      copyFileSync(file, join(folder, path))
    }
    const verification = await verified(results.experiment.runs, options)
    const card: Card = {
      format: 1,
      saeval: options.saeval,
      commands: commandsOf(results),
      created: new Date().toISOString(),
      texts: options.texts,
      run: cardRun(run, gathered.tasks, gathered.includePath),
      unsafe_code: gathered.unsafeCode,
      plugins,
      model: gathered.model,
      folders: gathered.folders,
      releases: gathered.releases,
      unsteered: { samples: samplesOf(results, results.experiment.baseline) },
      settings: gathered.settings.map((setting, at) => ({
        ...setting,
        samples: samplesOf(results, results.experiment.runs[at]!),
      })),
      environment: {
        saeval: options.saeval,
        node: process.versions.node,
        platform: `${platform()} ${arch()}`,
        ...gathered.environment,
        ...options.environment,
      },
      datasets: gathered.datasets,
    }
    const experiment = await readExperiment(join(folder, cardNames.results))
    const statistics = await cardStatistics(experiment)
    const title = options.title ?? `Steering ${gathered.model.name.split('/').slice(-2).join('/')}`
    const page = await renderReport(experiment, {
      withoutSamples: options.texts !== 'all',
      title,
      ...(signal ? { signal } : {}),
    })
    const files: readonly (readonly [string, string])[] = [
      [cardNames.card, cardText(card, { gen_kwargs: run.gen_kwargs, metadata: run.metadata })],
      [cardNames.statistics, `${JSON.stringify(statistics, null, 2)}\n`],
      [cardNames.verification, `${JSON.stringify(verification, null, 2)}\n`],
      ['report.html', page.html],
      ['README.md', cardReadme({ card, statistics, verification, title, words: options.words ?? String })],
    ]
    for (const [path, text] of files) writeFileSync(join(folder, path), text)
    const manifest = await manifestText(folder)
    await refuseSecrets(folder, Object.keys((JSON.parse(manifest) as { files: object }).files), options.hub?.env)
    writeFileSync(join(folder, cardNames.manifest), manifest)
    onStage('checking the card', 0.9)
    const check = await checkCard(folder, {
      ...ownCheck,
      places: new Map(
        Object.entries(gathered.folders).flatMap(([name, copy]) => (copy === null ? [[name, name]] : [])),
      ),
      confirmUnsafeCode: options.confirmUnsafeCode,
      device: options.device,
      gpuMemory: options.gpuMemory,
      plugins: options.plugins ?? [],
      ...(signal ? { signal } : {}),
      ...(options.hub ? { hub: options.hub } : {}),
      onNotice: (line, importance) => (importance === 'warning' ? undefined : onNotice(line)),
    })
    if (!check.passed) {
      const wrong = [
        ...check.problems,
        ...check.tasks.flatMap(({ setting, task, differences }) =>
          differences.map((difference) => `${setting}, ${task}: ${difference}`),
        ),
      ]
      throw new Error(
        `no card was made: what the results say is not what this machine computes now: ${wrong.slice(0, 3).join('; ')}`,
      )
    }
    // only an empty folder goes: something may have been put there since
    if (existsSync(output)) rmdirSync(output)
    renameSync(folder, output)
    return { card, check }
  } catch (cause) {
    rmSync(folder, { recursive: true, force: true })
    const { code } = cause as NodeJS.ErrnoException
    throw code === 'ENOSPC' || code === 'EDQUOT' || code === 'EACCES' || code === 'ENOTEMPTY'
      ? writeError(`cannot write ${output}`, cause, dirname(output))
      : cause
  }
}

function commandsOf({ experiment: { baseline, runs } }: CardResults): string[] {
  const all = [baseline, ...runs].map(({ results }) => String(results.provenance?.command))
  return [...new Set(all)].map((command) => withoutFolders(command, process.cwd()) as string)
}

/** The plug-ins that the results were made with. Throws InputError where one of them is not loaded. */
function pluginsOf({ experiment }: CardResults, loaded: readonly PluginIdentity[]): Card['plugins'] {
  const all = [experiment.baseline, ...experiment.runs].flatMap(({ results }) => {
    const { plugins } = results.provenance ?? {}
    return Array.isArray(plugins) ? (plugins as readonly PluginIdentity[]) : []
  })
  const hashes = new Set(loaded.map(({ sha256 }) => sha256))
  return [...new Map(all.map((plugin) => [plugin.sha256, plugin])).values()].map(({ name, sha256 }) => {
    if (!hashes.has(sha256))
      throw new InputError(
        sentence`the results were made with the plug-in ${name}, whose code is not loaded: give it by ${option('plugin')}`,
      )
    return { name: withoutFolders(name, process.cwd()) as string, sha256 }
  })
}

/** What all runs of a card were asked for. Throws InputError where they are not asked the same. */
async function settingsOfAll({ experiment }: CardResults, { settingsOf }: MakeCardOptions): Promise<RunSettings> {
  let first: { readonly run: RunSettings; readonly path: string } | null = null
  for (const { results } of [...experiment.runs, experiment.baseline]) {
    const command = results.provenance?.command
    if (typeof command !== 'string')
      throw new InputError(
        `${results.path} does not say by which command it was made; only results of saeval can be put on a card`,
      )
    const run = await settingsOf(command)
    if (first === null) first = { run, path: results.path }
    const [a, b] = [comparable(first.run), comparable(run)]
    const other = Object.keys(a).find((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]))
    if (other !== undefined)
      throw new InputError(
        sentence`${first.path} and ${results.path} were made with another ${option(other)}; a card holds runs that were asked the same`,
      )
  }
  return first!.run
}

function comparable(run: RunSettings): Record<string, unknown> {
  const plain = (value: RunSettings['metadata'] | null) => (value === null ? null : toPlain(value))
  const {
    tasks,
    num_fewshot,
    limit,
    system_instruction,
    apply_chat_template,
    fewshot_as_multiturn,
    include_path,
    seed,
  } = run
  const samples = run.samples && [...run.samples]
  const rest = { num_fewshot, limit, samples, system_instruction, apply_chat_template, fewshot_as_multiturn, seed }
  return { tasks, include_path, ...rest, gen_kwargs: plain(run.gen_kwargs), metadata: plain(run.metadata) }
}

/** Copies results without this machine's folders, and samples as `texts` says. */
async function copyResults({ folder, files, samples }: CardResults, to: string, texts: CardTexts): Promise<void> {
  const target = (file: string) => {
    const path = join(to, cardNames.results, file)
    makeFolder(dirname(path))
    return path
  }
  for (const file of files) {
    const path = join(folder, file)
    if (!file.endsWith('.json')) copyFileSync(path, target(file))
    else {
      const value = withoutFolders(parseJson(readFileSync(path, 'utf8')), process.cwd())
      writeFileSync(target(file), dumpsJson(value, { indent: 2, ensureAscii: false }))
    }
  }
  for (const file of samples)
    await pipeline(Readable.from(strippedSamples(join(folder, file), texts)), createWriteStream(target(file)))
}

function samplesOf({ folder }: CardResults, { results }: ExperimentRun): Record<string, string> {
  const below = (file: string) =>
    resolve(file)
      .slice(resolve(folder).length + 1)
      .replaceAll('\\', '/')
  return Object.fromEntries([...results.samples].map(([task, file]) => [task, `${cardNames.results}/${below(file)}`]))
}

/** verify's log of some of the settings. Throws an Error where a check fails. */
async function verified(
  runs: readonly ExperimentRun[],
  { device, gpuMemory, hub = {}, onStage = () => {}, signal }: MakeCardOptions,
): Promise<Verification[]> {
  const step = Math.max(1, runs.length / mostVerified)
  const found: Verification[] = []
  for (let at = 0; at < runs.length; at += step) {
    const run = runs[Math.floor(at)]!
    onStage(`verifying ${settingLabel(run)}`, at / runs.length)
    const verification = await verify({
      model: run.results.model,
      modelArgs: argumentsOf(run) as ModelArguments,
      device,
      gpuMemory,
      hub,
      onCheck: () => signal?.throwIfAborted(),
    })
    if (!verification.passed) {
      const failed = verification.checks.filter(({ outcome }) => outcome === 'failed')
      throw new Error(
        `no card was made: of ${settingLabel(run)}, ${failed.length} of ${verification.checks.length} checks of verify failed: ${failed[0]!.name}: ${failed[0]!.messages[0]}`,
      )
    }
    const plain = JSON.parse(JSON.stringify(verification)) as Verification
    found.push({ ...plain, edits: plain.edits.map((line) => withoutFolders(line, process.cwd()) as string) })
  }
  return found
}
