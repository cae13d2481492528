import { cut, shown } from '@saeval/hub/checks'
import { type Column, columns, type Dialect, detectDialect, type SaeSteeredRow, type SteeredRow } from './columns.js'
import type { Problem, ProblemKind } from './problem.js'
import { readSaeSteeredRow, readSteeredRow, type Table } from './read-row.js'
import { formMessages, readRecords } from './records.js'
import { SaeNames } from './sae-names.js'

/** A steering file read: its rows, or all that is wrong with it. Warnings name columns that mean nothing here. */
export type SteeringCsv =
  | {
      readonly success: true
      readonly dialect: 'sae_steered_beta'
      readonly rows: readonly SaeSteeredRow[]
      readonly warnings: readonly Problem[]
    }
  | {
      readonly success: true
      readonly dialect: 'steered'
      readonly rows: readonly SteeredRow[]
      readonly warnings: readonly Problem[]
    }
  | {
      readonly success: false
      readonly dialect: Dialect
      readonly problems: readonly Problem[]
      readonly warnings: readonly Problem[]
    }

export interface ParseOptions {
  /**
   * The file's folder: rows must name SAEs that there are, and a release that is a folder only beside the file is given as that folder's path.
   * Without it any name passes.
   */
  readonly folder?: string
}

/** Reads a steering file from its bytes (or text). Never throws for what the file holds: every problem comes back, with its place. */
export function parseSteeringCsv(input: Uint8Array | string, { folder }: ParseOptions = {}): SteeringCsv {
  const { records, separator, broken } = readRecords(
    typeof input === 'string' ? new TextEncoder().encode(input) : input,
  )
  const problems: Problem[] = []
  const report = (line: number, column: string | null, kind: ProblemKind, message: string, value?: string) => {
    problems.push({ line, column, kind, ...(value === undefined ? {} : { value }), message })
  }
  const header = (records[0]?.cells ?? []).map((cell) => cell ?? '')
  const dialect = detectDialect(header)
  const table = tableOf(header, columns[dialect], separator)
  if (records.length === 0 && broken === null) report(1, null, 'empty_file', formMessages.empty_file)
  if (records.length > 0) checkHeader(header, columns[dialect], report)
  const isUsable = problems.length === 0 && records.length > 0
  if (isUsable && records.length === 1 && broken === null) report(1, null, 'no_rows', formMessages.no_rows)

  const names = new SaeNames(folder ?? null, problems)
  const readAll = <Row>(read: (...args: Parameters<typeof readSteeredRow>) => Row | null): Row[] =>
    (isUsable ? records.slice(1) : []).flatMap((record) => {
      const row = read(record, table, names, (...problem) => report(record.line, ...problem))
      return row === null ? [] : [row]
    })
  const read =
    dialect === 'steered' ? { dialect, rows: readAll(readSteeredRow) } : { dialect, rows: readAll(readSaeSteeredRow) }
  if (broken !== null) report(broken.line, header[broken.cell] ?? null, broken.kind, formMessages[broken.kind])
  const warnings = table.others.map(
    ({ name }): Problem => ({
      line: 1,
      column: name,
      kind: 'unknown_column',
      message: `the column "${cut(name)}" has no meaning here and is kept as a note`,
    }),
  )
  if (problems.length === 0) return { success: true, ...read, warnings }
  return { success: false, dialect, problems: problems.sort((a, b) => a.line - b.line), warnings }
}

/** Columns whose values a Neuronpedia reference gives. */
const byReference = ['latent_idx', 'sae_release', 'sae_id']

function tableOf(header: readonly string[], known: readonly Column[], separator: Table['separator']): Table {
  const names = new Set(known.map(({ name }) => name))
  const others = header.map((name, index) => ({ name, index })).filter(({ name }) => !names.has(name))
  const reference = header.indexOf('neuronpedia')
  const found = known.map((column) => ({
    column,
    index: header.indexOf(column.name),
    reference: byReference.includes(column.name) ? reference : -1,
  }))
  return { header, separator, columns: found, others }
}

function checkHeader(
  header: readonly string[],
  known: readonly Column[],
  report: (line: number, column: string, kind: ProblemKind, message: string) => void,
): void {
  const once = new Set<string>()
  const repeated = new Set<string>()
  for (const name of header) (once.has(name) ? repeated : once).add(name)
  for (const name of repeated)
    report(1, name, 'duplicate_column', `the column ${shown(name)} stands more than once; keep one`)
  const needed = known.filter(({ required }) => required).map(({ name }) => name)
  for (const name of needed) {
    // a Neuronpedia reference stands for the three
    if (once.has(name) || (once.has('neuronpedia') && byReference.includes(name))) continue
    report(1, name, 'missing_column', `the column "${name}" is missing; the header needs ${needed.join(', ')}`)
  }
}
