import { baselineId, type CellOutcome, type MissingCell } from '@saeval/experiments'
import { isDict, PyFloat, type PyValue } from '@saeval/python'
import { inFlags } from '../options/flag-words.js'
import { durationWords } from './quantity-words.js'

/** A table that fills while a sweep runs: a row for each cell that has run, with the first metric of each task. */
export interface CellTable {
  readonly header: string
  row(place: number, cell: MissingCell, outcome: CellOutcome, seconds: number): string
}

const widest = 16

/** The table of these cells in so many columns; tasks that find no room are left out. */
export function cellTable(cells: readonly MissingCell[], columns: number): CellTable {
  const axes = [...new Set(cells.flatMap(({ parameters }) => Object.keys(parameters)))]
  const widths = axes.map((axis) =>
    Math.max(axis.length, ...cells.map(({ parameters }) => valueText(parameters[axis]).length)),
  )
  const nameOf = ({ id, parameters }: MissingCell) =>
    id === baselineId
      ? 'unsteered'
      : axes.map((axis, index) => valueText(parameters[axis]).padEnd(widths[index]!)).join('  ')
  const heads = axes.map((axis, index) => axis.padEnd(widths[index]!)).join('  ')
  const count = Math.max(3, `${cells.length}/${cells.length}`.length)
  const tasks = [...new Set(cells.flatMap((cell) => cell.tasks))]
  const prefix = commonPrefix(tasks)
  const end = '  acted    time'.length
  const room = Math.max(12, columns - count - 2 - end - 14)
  const label = Math.min(Math.max('unsteered'.length, heads.length), room)
  const short = (task: string) => task.slice(prefix.length)
  const shown: string[] = []
  let used = count + 2 + label + end
  for (const task of tasks) {
    const width = 2 + widthOf(short(task))
    const more = shown.length + 1 < tasks.length ? 3 : 0
    if (used + width + more > columns) break
    shown.push(task)
    used += width
  }
  const rest = shown.length < tasks.length ? '  …' : ''
  const line = (first: string, name: string, values: readonly string[], acted: string, time: string) =>
    `${first.padStart(count)}  ${cut(name, label).padEnd(label)}${shown.map((task, index) => `  ${cut(values[index]!, widthOf(short(task))).padStart(widthOf(short(task)))}`).join('')}${rest}${acted.padStart(7)}${time.padStart(8)}`
  return {
    header: line('run', heads, shown.map(short), 'acted', 'time'),
    row: (place, cell, outcome, seconds) => {
      const first = `${place}/${cells.length}`
      const time = durationWords(seconds).replace('less than ', '<')
      if ('error' in outcome)
        return `${first.padStart(count)}  ${cut(nameOf(cell), label).padEnd(label)}  failed: ${inFlags(outcome.error)}`
      const values = shown.map((task) => scoreOf(outcome.results, task))
      const { actedShare } = outcome
      return line(first, nameOf(cell), values, actedShare === null ? '' : `${Math.round(100 * actedShare)} %`, time)
    },
  }
}

function widthOf(task: string): number {
  return Math.min(widest, Math.max(6, task.length))
}

function valueText(value: string | number | undefined): string {
  return value === undefined ? '' : String(value).replace(/^-/, '−')
}

/** What all names of several begin with, up to a "_": "mmlu_" of mmlu_anatomy and mmlu_astronomy. */
function commonPrefix(names: readonly string[]): string {
  if (names.length < 2) return ''
  const parts = names[0]!.split('_').slice(0, -1)
  for (let count = parts.length; count > 0; count--) {
    const prefix = `${parts.slice(0, count).join('_')}_`
    if (names.every((name) => name.startsWith(prefix) && name.length > prefix.length)) return prefix
  }
  return ''
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}

/** The task's first metric, as results.json has it. */
function scoreOf(results: ReadonlyMap<string, PyValue>, task: string): string {
  const scores = ['results', 'groups'].flatMap((part) => {
    const all = results.get(part)
    const own = isDict(all) ? all.get(task) : undefined
    return isDict(own) ? [...own] : []
  })
  const first = scores.find(([name, value]) => name.includes(',') && !name.includes('_stderr') && isNumber(value))
  return first === undefined ? '' : Number(first[1] instanceof PyFloat ? first[1].value : first[1]).toFixed(4)
}

function isNumber(value: PyValue): boolean {
  return value instanceof PyFloat || typeof value === 'number' || typeof value === 'bigint'
}
