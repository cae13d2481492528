import { compareCodePoints, pyStr } from '@saeval/python/internal/text/text'
import { numberOf, type PyDict, PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import { type Cell, markdownTable } from './markdown-table.js'

const arrows = new Map<PyValue | undefined, string>([
  [true, '↑'],
  [false, '↓'],
])

/** The table of tasks ("results") or of groups ("groups") that lm_eval prints, from a results.json. */
export function resultsTable(results: PyDict, column: 'results' | 'groups' = 'results'): string {
  const table = results.get(column) as PyDict
  const { depths, order } = hierarchy((results.get('group_subtasks') ?? new Map()) as PyDict, [...table.keys()])
  const rows = order.flatMap((name) => taskRows(name, depths.get(name) ?? 0, table.get(name) as PyDict, results))
  return markdownTable(
    [column === 'groups' ? 'Groups' : 'Tasks', 'Version', 'Filter', 'n-shot', 'Metric', '', 'Value', '', 'Stderr'],
    rows,
  )
}

function taskRows(name: string, depth: number, metrics: PyDict, results: PyDict): Cell[][] {
  const of = (key: string) => (results.get(key) as PyDict | undefined)?.get(name)
  const higherIsBetter = (of('higher_is_better') ?? new Map()) as PyDict
  const alias = pyStr(metrics.get('alias') ?? name)
  const version = of('versions')
  const shots = of('n-shot')
  const rows: Cell[][] = []
  for (const key of [...metrics.keys()].sort(compareCodePoints)) {
    const [, metric, filter] = /^([^,]*),?(.*)$/s.exec(key) as unknown as [string, string, string]
    if (notMetrics.has(key) || metric.endsWith('_stderr')) continue
    const stderr = metrics.get(`${metric}_stderr,${filter}`)
    const first = rows.length === 0
    rows.push([
      first ? (depth > 0 ? `${' '.repeat(depth)}- ${alias}` : alias) : '',
      first ? versionCell(version) : '',
      filter,
      shots === undefined ? ' ' : pyStr(shots),
      metric,
      arrows.get(higherIsBetter.get(metric)) ?? '',
      valueCell(metrics.get(key)!),
      stderr === undefined ? '' : '±',
      stderr === undefined ? '' : stderr === 'N/A' ? '   N/A' : fixed(numberOf(stderr)!),
    ])
  }
  return rows
}

const notMetrics = new Set(['alias', 'name', 'sample_len', 'sample_count'])

function versionCell(version: PyValue | undefined): Cell {
  if (version === undefined) return '    N/A'
  return typeof version === 'string' ? version : (numberOf(version) ?? pyStr(version))
}

function valueCell(value: PyValue): Cell {
  return value instanceof PyFloat ? fixed(value.value) : (numberOf(value) ?? pyStr(value))
}

/** Python's f"{value:.4f}", which takes the even digit where toFixed takes the larger one: in the middle of two. */
function fixed(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const middle = /^(-?\d+\.\d{3}[02468])50*$/.exec(value.toFixed(40))
  return middle === null ? value.toFixed(4) : middle[1]!
}

/** Depth and order of the rows: each group before its members, members and top groups by name, tasks of no group last. */
function hierarchy(
  groups: PyDict,
  names: readonly string[],
): { depths: ReadonlyMap<string, number>; order: readonly string[] } {
  const depths = new Map<string, number>()
  const order: string[] = []
  const members = (name: string) => [...((groups.get(name) ?? []) as readonly string[])].sort(compareCodePoints)
  const visit = (name: string, depth: number) => {
    depths.set(name, depth)
    if (names.includes(name)) order.push(name)
    for (const member of members(name)) visit(member, depth + 1)
  }
  const inner = new Set([...groups.keys()].flatMap(members))
  for (const name of [...groups.keys()].sort(compareCodePoints)) if (!inner.has(name)) visit(name, 0)
  order.push(...[...names].sort(compareCodePoints).filter((name) => !depths.has(name)))
  return { depths, order }
}
