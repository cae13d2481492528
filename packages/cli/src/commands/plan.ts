import { planTasks } from '@saeval/eval-harness/internal/ask-model'
import {
  makePlan,
  type Plan,
  type PlannedExperiment,
  planStatus,
  type RunSettings,
  readPlan,
} from '@saeval/experiments'
import { InputError } from '@saeval/hub'
import { ownerText } from '@saeval/hub/internal/claims/owner-text'
import { buildHash } from '../build-hash.js'
import { commandLine } from '../options/command-line.js'
import { inFlags } from '../options/flag-words.js'
import { loadedPlugins } from '../plugins/load-plugins.js'
import { preparingStatus } from '../terminal/asking-status.js'
import { expectedTime } from '../terminal/expected-time.js'
import { countWords, durationWords } from '../terminal/quantity-words.js'
import { openTerminal } from '../terminal/terminal.js'
import { version } from '../version.js'
import type { PlanCommandOptions } from './plan-options.js'
import { plannedCommand } from './planned-experiment.js'
import { run, type Surroundings } from './run.js'
import { checkSubmission, submit } from './submit.js'
import { runSweep } from './sweep.js'

/** `saeval plan`: makes a plan of a run or a sweep, or shows how far one is. `words` are those of the command that it is a plan of. */
export async function plan(
  folder: string,
  options: PlanCommandOptions,
  words: readonly string[],
  surroundings: Surroundings,
): Promise<void> {
  const { stdout, stderr, signal } = surroundings
  if (options.status) {
    for (const line of statusLines(folder)) stdout.write(`${line}\n`)
    return
  }
  if (options.submit !== null) checkSubmission(folder, options)
  if (options.submit !== null && options.shards === null && options.shard_minutes === null) {
    submit(folder, options, surroundings)
    return
  }
  const command = await plannedCommand(words)
  if (options.estimate) {
    // what the command takes that it would be a plan of
    if (command.kind === 'run') return run({ ...command.options, dry_run: true }, command.line, surroundings)
    const sweeping = { ...command.options, run: { ...command.options.run, dry_run: true } }
    return runSweep(sweeping, command.line, surroundings)
  }
  const terminal = openTerminal(stderr, options)
  let expected: number | null = null
  try {
    const made = await makePlan({
      spec: command.spec,
      folder,
      command: (planned) => [...command.words, ...fixedBatch(command.spec.run, planned)],
      files: command.files,
      saeval: version,
      build: buildHash(),
      plugins: loadedPlugins(),
      signal,
      hub: { onProgress: terminal.download, onNotice: terminal.warn },
      onNotice: terminal.notice,
      onTasks: (progress) => terminal.status(preparingStatus(progress)),
      shards: async (planned) => {
        if (options.shards !== null) return options.shards
        const { info } = planned.experiment.reader
        if (info.standIn)
          throw new InputError(
            `--shard_minutes tries how fast this machine is, and it has no ${info.device}: plan on one that has, or give --shards`,
          )
        expected = await secondsOf(planned, signal)
        return Math.max(1, Math.ceil(expected / (60 * options.shard_minutes!)))
      },
    })
    terminal.clear()
    // what is printed is the manifest alone, to be handed on
    const told = options.submit === null || !(options.dry_run || options.submit === 'k8s') ? stdout : stderr
    for (const line of planLines(folder, made, options, expected)) told.write(`${line}\n`)
    if (options.submit !== null) submit(folder, options, surroundings)
  } finally {
    terminal.clear()
  }
}

/** Tokens of a forward pass that none of the devices needs more of to be busy. */
const passTokens = { cpu: 1024, others: 8192 }

/** --batch_size in place of auto, which measures and so decides otherwise in another process: then the last digits of answers differ. */
function fixedBatch({ batch_size: given }: RunSettings, { blocks, experiment }: PlannedExperiment): string[] {
  if (!given.startsWith('auto')) return []
  const plans = blocks.flatMap(({ planned }) => planned ?? [])
  const requests = plans.reduce((sum, { requests: count }) => sum + count, 0)
  const mean = plans.reduce((sum, { requestTokens }) => sum + requestTokens, 0) / Math.max(1, requests)
  const { device = 'cpu' } = experiment.reader.info
  const tokens = device === 'cpu' ? passTokens.cpu : passTokens.others
  return ['--batch_size', String(Math.max(1, Math.round(tokens / Math.max(1, mean))))]
}

/** How long everything takes here, by a try. Throws InputError where that says nothing. */
async function secondsOf({ experiment, blocks, work }: PlannedExperiment, signal: AbortSignal): Promise<number> {
  const { reader, prepared } = experiment
  const once = blocks.reduce((sum, { planned, requests }) => sum + (planned?.work ?? requests), 0)
  if (once === 0) return 0
  const time = await expectedTime(reader, prepared.tasks, await planTasks(reader, prepared.tasks), { signal })
  if (time === null)
    throw new InputError(
      '--shard_minutes tries how fast this machine is, and ten minutes were too few for a pass of the model; give --shards',
    )
  return (time.seconds * work) / once
}

function planLines(
  folder: string,
  { blocks, command, items, settings, cost, device }: Plan,
  { shards }: PlanCommandOptions,
  expected: number | null,
): string[] {
  const tokens = blocks.reduce((sum, block) => sum + block.tokens, 0)
  const requests = blocks.reduce((sum, block) => sum + block.requests, 0)
  const works = items.map(({ work }) => work)
  const mean = works.reduce((sum, work) => sum + work, 0) / Math.max(1, works.length)
  const longest = Math.max(0, ...works)
  return [
    `plan: ${countWords(items.length)} items of ${countWords(settings.length)} ${settings.length === 1 ? 'setting' : 'settings'} of ${countWords(requests)} requests, ${countWords(tokens)} distinct tokens in ${countWords(blocks.length)} blocks`,
    ...(shards !== null && items.length < shards
      ? [
          `${countWords(shards)} items were asked for: more than ${countWords(items.length)} would make the longest no shorter`,
        ]
      : []),
    `the longest item has ${percent(longest / Math.max(mean, 1e-9))} of the mean's work; all items compute ${percent(cost)} of what one process would`,
    ...(expected === null
      ? []
      : [
          `time: about ${durationWords((expected * longest) / Math.max(1e-9, mean * items.length))} an item at the speed of a try here`,
        ]),
    ...(device === null ? [] : [`items are computed on: ${device}`]),
    `the results are those of: ${commandLine(command)}`,
    `"saeval work ${folder}" does the items, "saeval merge ${folder}" makes the results`,
  ]
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}

const states = ['done', 'running', 'failed', 'lost', 'waiting'] as const

/** How many items are how, and which of them want a look. */
function statusLines(folder: string): string[] {
  const all = planStatus(folder, readPlan(folder))
  const counts = states.map((name) => `${all.filter(({ state }) => state === name).length} ${name}`)
  const looked = all.flatMap(({ item, state, claim, failure }) => {
    if (state === 'running' || state === 'lost')
      return [`item ${item}: ${state}, ${ownerText(claim!)}, last heard of ${durationWords(claim!.age / 1000)} ago`]
    return state === 'failed' ? [`item ${item}: failed on ${failure!.host}: ${inFlags(failure!.error)}`] : []
  })
  return [`${all.length} items: ${counts.join(', ')}`, ...looked]
}
