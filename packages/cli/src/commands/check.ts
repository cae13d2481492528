import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { markdownTable } from '@saeval/eval-harness/internal/results/markdown-table'
import { type CardCheck, type CheckedTask, checkCard, fetchCard } from '@saeval/experiments'
import { InputError } from '@saeval/hub'
import { type DeviceFlags, deviceOf } from '../options/device-options.js'
import { loadedPlugins } from '../plugins/load-plugins.js'
import { openTerminal } from '../terminal/terminal.js'
import type { VerbosityOptions } from '../terminal/verbosity.js'
import type { Surroundings } from './run.js'

export interface CheckCommandOptions extends VerbosityOptions, DeviceFlags {
  readonly documents: number
  readonly settings: number
  readonly seed?: number
  readonly place?: readonly string[]
  readonly confirm_run_unsafe_code?: boolean
  readonly json?: boolean
}

/** Differences that are printed. */
const mostShown = 10

/** `saeval check`: prints what a check of a card has found. Throws where something is not as the card says. */
export async function checkCommand(
  name: string,
  options: CheckCommandOptions,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const places = placesOf(options.place ?? [])
  const terminal = openTerminal(stderr, options)
  const hub = { signal, onProgress: terminal.download, onNotice: terminal.warn }
  const seed = options.seed ?? randomInt(2 ** 31)
  const fetched = existsSync(name) ? null : await fetchCard(name, hub)
  try {
    const check = await checkCard(fetched?.folder ?? name, {
      documents: options.documents,
      settings: options.settings,
      seed,
      places,
      confirmUnsafeCode: options.confirm_run_unsafe_code ?? false,
      ...deviceOf(options),
      plugins: loadedPlugins(),
      signal,
      hub,
      onNotice: (line, importance) => (importance === 'warning' ? terminal.warn(line) : terminal.debug(line)),
      onStage: (what, share) => terminal.status({ what, share, rate: null, left: null }),
    })
    terminal.clear()
    if (options.json) stdout.write(`${JSON.stringify(check, null, 2)}\n`)
    else stdout.write(checkText(name, check))
    if (!check.passed) throw new Error(failure(name, check))
  } finally {
    terminal.clear()
    await fetched?.close()
  }
}

function placesOf(words: readonly string[]): Map<string, string> {
  return new Map(
    words.map((word) => {
      const at = word.indexOf('=')
      if (at <= 0 || at === word.length - 1) throw new InputError(`--place ${word}: expected NAME=FOLDER`)
      return [word.slice(0, at), word.slice(at + 1)]
    }),
  )
}

function checkText(name: string, { sha256, problems, tasks, seed, device, passed }: CardCheck): string {
  const head = [`card ${name}, SHA-256 ${sha256}`]
  if (problems.length > 0) return lines([...head, ...problems.slice(0, mostShown), ...more(problems.length)])
  const table = markdownTable(
    ['Setting', 'Task', 'Documents', 'Largest difference', 'Allowed', 'Outcome'],
    tasks.map(({ setting, task, documents, largest, allowed, differences, untold }) => [
      setting,
      task,
      String(documents),
      largest === null ? '' : largest === 0 ? '0' : largest.toExponential(1),
      String(allowed),
      differences.length > 0 ? 'differs' : untold > 0 ? `ok, ${untold} texts not compared` : 'ok',
    ]),
  )
  const all = tasks.flatMap((checked) => checked.differences.map((difference) => placed(checked, difference)))
  return lines([
    ...head,
    `files, statistics, model and SAEs are as the card says; documents drawn by --seed ${seed}, on ${device ?? 'an unnamed device'}, in nats a token:`,
    '',
    table,
    ...all.slice(0, mostShown),
    ...more(all.length),
    ...(passed ? ['the card is what this machine computes'] : []),
  ])
}

function placed({ setting, task }: CheckedTask, difference: string): string {
  return `${setting}, ${task}: ${difference}`
}

function more(count: number): string[] {
  return count > mostShown ? [`and ${count - mostShown} more`] : []
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`
}

function failure(name: string, { problems, tasks }: CardCheck): string {
  if (problems.length > 0)
    return `${name} is not as it says: ${problems[0]}${problems.length > 1 ? `, and ${problems.length - 1} more` : ''}`
  const wrong = tasks.filter(({ differences }) => differences.length > 0)
  return `${name} does not hold here: ${wrong.length} of ${tasks.length} tasks have other answers`
}
