import { markdownTable } from '@saeval/eval-harness/internal/results/markdown-table'
import { InputError } from '@saeval/hub'
import {
  besideControls,
  type ChangedSample,
  type Comparison,
  changedSamples,
  compareWithBaseline,
  type NullEffect,
  type RunResults,
  readExperiment,
} from '@saeval/report'
import { changeCells, controlCells, controlHeaders, differenceCells, valueCell } from './comparison-cells.js'
import type { Surroundings } from './run.js'

export interface CompareOptions {
  readonly show: string
  readonly json?: boolean
}

/** `saeval compare <before> <after>`: a table of differences and the answers that changed. */
export async function compare(
  beforePath: string,
  afterPath: string,
  { show, json = false }: CompareOptions,
  { stdout }: Surroundings,
): Promise<void> {
  if (!/^\d+$/.test(show)) throw new InputError(`--show must be a whole number, not "${show}"`)
  const [before, after] = [await onlyRun(beforePath), await onlyRun(afterPath)]
  const [comparisons = []] = await compareWithBaseline(before, [after])
  const changed = await changedSamples(before, after)
  const beside = await besideControls(before.path, after.path)
  if (json) {
    const all = {
      before: before.path,
      after: after.path,
      comparisons,
      changed,
      ...(beside.length > 0 ? { controls: beside } : {}),
    }
    // JSON has no infinite numbers; Number() and Python's float() read these texts
    const finite = (_key: string, value: unknown) =>
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
    stdout.write(`${JSON.stringify(all, finite, 2)}\n`)
    return
  }
  stdout.write(`before: ${before.path}\nafter:  ${after.path}\n\n${comparisonTable(comparisons, beside)}\n`)
  for (const line of changedLines(changed, Number(show))) stdout.write(`${line}\n`)
}

async function onlyRun(path: string): Promise<RunResults> {
  const { baseline, runs } = await readExperiment(path)
  const [run, ...others] = [...(baseline ? [baseline] : []), ...runs]
  if (run && others.length === 0) return run.results
  const files = [run!, ...others].map(({ results }) => results.path)
  throw new InputError(`${path} holds ${files.length} runs; name one of its results files: ${files.join(', ')}`)
}

/** Differences with 95 % confidence intervals and p values, as one Markdown table. */
function comparisonTable(comparisons: readonly Comparison[], beside: readonly NullEffect[]): string {
  const headers = [
    'Tasks',
    'Filter',
    'Metric',
    '',
    'Before',
    'After',
    'Difference',
    '95 % interval',
    'p',
    'p (Holm)',
    'Improved',
    'Worsened',
    'Of changed',
    'Detectable',
    'n',
    ...(beside.length > 0 ? controlHeaders : []),
  ]
  const rows = comparisons.map((comparison) => {
    const { alias, filter, metric, higherIsBetter, before, after, n } = comparison
    const direction = higherIsBetter === null ? '' : higherIsBetter ? '↑' : '↓'
    const values = [valueCell(before), valueCell(after), ...differenceCells(comparison), ...changeCells(comparison)]
    const controls = beside.length > 0 ? controlCells(beside, comparison) : []
    return [alias, filter, metric, direction, ...values, n, ...controls]
  })
  return markdownTable(headers, rows)
}

function changedLines(changed: readonly ChangedSample[], most: number): string[] {
  const lines = [
    `${changed.length} answers changed${changed.length > most ? `; the first ${most}:` : changed.length > 0 ? ':' : ''}`,
  ]
  for (const { task, docId, target, prompt, before, after } of changed.slice(0, most)) {
    const ending = prompt
      .trim()
      .split(/\n\s*\n/)
      .at(-1)!
    lines.push('', `${task} #${docId}, target ${target}`, ...ending.split('\n').map((line) => `  ${line}`))
    lines.push(`  ${answerText(before)}  ->  ${answerText(after)}`)
  }
  return lines
}

function answerText({ text, score, margin }: ChangedSample['before']): string {
  const details = [score === null ? '' : `score ${score}`, margin === null ? '' : `margin ${margin.toFixed(3)}`]
  return `${JSON.stringify(text)} (${details.filter((detail) => detail !== '').join(', ')})`
}
