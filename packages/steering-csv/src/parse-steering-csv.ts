import { type Column, columns, type Dialect, detectDialect, type SaeSteeredRow, type SteeredRow } from './columns.js'
import type { Problem, ProblemKind } from './problem.js'
import { readCell } from './read-cell.js'
import { type CsvRecord, formMessages, readRecords } from './records.js'

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
  /** Says whether a release and id name an SAE; this package knows no registry. Without it any name passes. */
  readonly checkName?: (
    release: string,
    saeId: string,
  ) => { readonly kind: 'unknown_release' | 'unknown_sae_id'; readonly message: string } | null
}

/** Reads a steering file from its bytes (or text). Never throws for what the file holds: every problem comes back, with its place. */
export function parseSteeringCsv(input: Uint8Array | string, options: ParseOptions = {}): SteeringCsv {
  const { records, broken } = readRecords(typeof input === 'string' ? new TextEncoder().encode(input) : input)
  const problems: Problem[] = []
  const header = (records[0]?.cells ?? []).map((cell) => cell ?? '')
  const dialect = detectDialect(header)
  const report = (line: number, column: string | null, kind: ProblemKind, message: string, value?: string) => {
    problems.push({ line, column, kind, ...(value === undefined ? {} : { value }), message })
  }

  if (records.length === 0 && broken === null) report(1, null, 'empty_file', formMessages.empty_file)
  const warnings = records.length === 0 ? [] : checkHeader(header, dialect, report)
  const usable = problems.length === 0 && records.length > 0
  if (usable && records.length === 1 && broken === null) report(1, null, 'no_rows', formMessages.no_rows)

  const rows = usable ? records.slice(1).map((record) => readRow(record, header, dialect, report)) : []
  if (broken !== null) report(broken.line, header[broken.cell] ?? null, broken.kind, formMessages[broken.kind])
  if (dialect === 'sae_steered_beta' && options.checkName) {
    for (const row of rows) checkName(row, options.checkName, report)
  }
  if (problems.length > 0)
    return { success: false, dialect, problems: problems.sort((a, b) => a.line - b.line), warnings }
  return { success: true, dialect, rows, warnings } as unknown as SteeringCsv
}

type Report = (line: number, column: string | null, kind: ProblemKind, message: string, value?: string) => void
type Row = { readonly line: number } & Record<string, string | number | null | Readonly<Record<string, string>>>

function checkHeader(header: readonly string[], dialect: Dialect, report: Report): Problem[] {
  const known = columns[dialect]
  const repeated = new Set(header.filter((name, index) => header.indexOf(name) !== index))
  for (const name of repeated)
    report(1, name, 'duplicate_column', `the column "${name}" stands more than once; keep one`)
  for (const { name, required } of known) {
    if (required && !header.includes(name))
      report(1, name, 'missing_column', `the column "${name}" is missing; the header needs ${requiredNames(known)}`)
  }
  return header
    .filter((name) => !known.some((column) => column.name === name))
    .map(
      (name): Problem => ({
        line: 1,
        column: name,
        kind: 'unknown_column',
        message: `the column "${name}" has no meaning here and is kept as a note`,
      }),
    )
}

function requiredNames(known: readonly Column[]): string {
  return known
    .filter((column) => column.required)
    .map((column) => column.name)
    .join(', ')
}

function readRow({ line, cells }: CsvRecord, header: readonly string[], dialect: Dialect, report: Report): Row {
  const row: Row = { line, extra: {} }
  if (cells.length > header.length) {
    report(line, null, 'too_many_fields', formMessages.too_many_fields)
    return row
  }
  if (cells.length < header.length) {
    const missing = header[cells.length]!
    report(
      line,
      missing,
      'too_few_fields',
      `the row ends before the column "${missing}"; give every column a cell, if an empty one`,
    )
  }
  let failed = cells.length < header.length
  for (const column of columns[dialect]) {
    const index = header.indexOf(column.name)
    // cells that are not there are reported above
    if (index >= cells.length) continue
    const value = readColumn(column, index < 0 ? '' : cells[index]!, line, report)
    failed ||= value === undefined
    row[column.name] = value ?? null
  }
  header.forEach((name, index) => {
    if (!columns[dialect].some((column) => column.name === name))
      (row.extra as Record<string, string>)[name] = cells[index] ?? ''
  })
  if (!failed) checkCombination(row, dialect, report)
  return row
}

/** The cell's value, null where there is none, undefined when it was reported. */
function readColumn(
  column: Column,
  text: string | null,
  line: number,
  report: Report,
): string | number | null | undefined {
  if (text === null) {
    report(line, column.name, 'not_utf8', formMessages.not_utf8)
    return undefined
  }
  if (text === '') {
    if (!column.required) return column.default
    report(line, column.name, 'empty', `the cell is empty; every row needs a ${column.name}`)
    return undefined
  }
  const cell = readCell(text, column.type)
  if ('value' in cell) return cell.value
  report(line, column.name, cell.problem.kind, cell.problem.message, text)
  return undefined
}

/** Columns that an action needs, and values that it cannot use. */
function checkCombination(row: Row, dialect: Dialect, report: Report): void {
  const needs = (column: string, kind: 'required_for_action' | 'required_for_loader', of: string) => {
    if (row[column] === null) report(row.line, column, kind, `${of} needs a ${column}; give one`)
  }
  if (dialect === 'steered') {
    if (row.loader === 'sae_lens') needs('sae_id', 'required_for_loader', 'loader sae_lens')
    return
  }
  const action = row.hook_action as string
  if (['clamp_above', 'clamp_cond', 'clamp_refusal'].includes(action))
    needs('clamp_value', 'required_for_action', action)
  if (action === 'clamp_refusal') needs('refuse_id', 'required_for_action', action)
  if (action === 'ablate' && row.steering_coefficient !== 0) {
    report(
      row.line,
      'steering_coefficient',
      'without_effect',
      `ablate sets the latent to 0 and uses no coefficient; write 0, or use scale`,
      String(row.steering_coefficient),
    )
  }
}

function checkName(row: Row, check: NonNullable<ParseOptions['checkName']>, report: Report): void {
  if (typeof row.sae_release !== 'string' || typeof row.sae_id !== 'string') return
  const found = check(row.sae_release, row.sae_id)
  if (found === null) return
  const column = found.kind === 'unknown_release' ? 'sae_release' : 'sae_id'
  report(row.line, column, found.kind, found.message, row[column] as string)
}
