import { checkUse } from './check-use.js'
import { type Column, columns, type Dialect, detectDialect, type SaeSteeredRow, type SteeredRow } from './columns.js'
import type { Problem, ProblemKind } from './problem.js'
import { readCell } from './read-cell.js'
import { type CsvRecord, formMessages, readRecords, type Separator, separators } from './records.js'

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
  /** Finds the latent behind a Neuronpedia reference, or says why there is none. Without it such references are a problem. */
  readonly findNeuronpedia?: (reference: string) => NeuronpediaLatent | { readonly message: string }
  /** What is wrong with a list of positions, or null. Without it any text passes. */
  readonly checkPositions?: (text: string) => string | null
}

export interface NeuronpediaLatent {
  readonly release: string
  readonly saeId: string
  readonly latent: number
}

/** Reads a steering file from its bytes (or text). Never throws for what the file holds: every problem comes back, with its place. */
export function parseSteeringCsv(input: Uint8Array | string, options: ParseOptions = {}): SteeringCsv {
  const { records, separator, broken } = readRecords(
    typeof input === 'string' ? new TextEncoder().encode(input) : input,
  )
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

  const rows = usable
    ? records.slice(1).map((record) => readRow(record, { header, dialect, separator }, options, report))
    : []
  if (broken !== null) report(broken.line, header[broken.cell] ?? null, broken.kind, formMessages[broken.kind])
  if (dialect === 'sae_steered_beta' && options.checkName) {
    for (const row of rows) {
      checkName(row, '', options.checkName, report)
      checkName(row, 'condition_', options.checkName, report)
    }
  }
  if (problems.length > 0)
    return { success: false, dialect, problems: problems.sort((a, b) => a.line - b.line), warnings }
  return { success: true, dialect, rows, warnings } as unknown as SteeringCsv
}

/** Notes a problem. */
export type Report = (line: number, column: string | null, kind: ProblemKind, message: string, value?: string) => void
/** A row while it is being read: column -> value. */
export type Row = { readonly line: number } & Record<
  string,
  string | number | null | undefined | Readonly<Record<string, string>>
>

function checkHeader(header: readonly string[], dialect: Dialect, report: Report): Problem[] {
  const known = columns[dialect]
  const repeated = new Set(header.filter((name, index) => header.indexOf(name) !== index))
  for (const name of repeated)
    report(1, name, 'duplicate_column', `the column "${name}" stands more than once; keep one`)
  for (const { name, required } of known) {
    // a Neuronpedia reference stands for the three
    if (header.includes('neuronpedia') && byReference.includes(name)) continue
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

/** Columns whose values a Neuronpedia reference gives. */
const byReference = ['latent_idx', 'sae_release', 'sae_id']

function requiredNames(known: readonly Column[]): string {
  return known
    .filter((column) => column.required)
    .map((column) => column.name)
    .join(', ')
}

function readRow(
  { line, cells }: CsvRecord,
  { header, dialect, separator }: { header: readonly string[]; dialect: Dialect; separator: Separator },
  options: ParseOptions,
  report: Report,
): Row {
  const row: Row = { line, extra: {} }
  if (cells.length > header.length) {
    const message = `the row has more cells than the header; put a cell that contains ${separators[separator]} in quotation marks`
    report(line, null, 'too_many_fields', message)
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
  const hasReference = dialect === 'sae_steered_beta' && (cells[header.indexOf('neuronpedia')] ?? '') !== ''
  for (const column of columns[dialect]) {
    const index = header.indexOf(column.name)
    // cells that are not there are reported above
    if (index >= cells.length) continue
    const given = index < 0 ? '' : cells[index]!
    if (given === '' && (column.sparse || (hasReference && byReference.includes(column.name)))) continue
    const value = readColumn(column, given, line, separator === ';', report)
    failed ||= value === undefined
    row[column.name] = value ?? null
  }
  header.forEach((name, index) => {
    if (!columns[dialect].some((column) => column.name === name))
      (row.extra as Record<string, string>)[name] = cells[index] ?? ''
  })
  if (failed || dialect === 'steered') {
    if (!failed) checkSteered(row, report)
    return row
  }
  checkUse(row, report)
  checkPositions(row, options, report)
  return findReferences(row, options, report)
}

/** The cell's value, null where there is none, undefined when it was reported. */
function readColumn(
  column: Column,
  text: string | null,
  line: number,
  decimalComma: boolean,
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
  const cell = readCell(text, column.type, decimalComma)
  if ('value' in cell) return cell.value
  report(line, column.name, cell.problem.kind, cell.problem.message, text)
  return undefined
}

function checkSteered(row: Row, report: Report): void {
  if (row.loader === 'sae_lens' && row.sae_id === null)
    report(row.line, 'sae_id', 'required_for_loader', 'loader sae_lens needs a sae_id; give one')
}

/** Fills in what Neuronpedia references stand for. */
function findReferences(row: Row, { findNeuronpedia }: ParseOptions, report: Report): Row {
  const found = { ...row }
  const find = (column: string, names: { latent: string; release: string; id: string }) => {
    const reference = row[column]
    if (typeof reference !== 'string') return
    const filled = Object.values(names).find((name) => row[name] !== undefined)
    if (filled !== undefined) {
      const message = `the row names a latent by ${column} and by ${filled}; leave one of them empty`
      report(row.line, column, 'contradiction', message, reference)
      return
    }
    const latent = findNeuronpedia?.(reference) ?? { message: 'references to Neuronpedia cannot be looked up here' }
    if ('message' in latent) {
      report(row.line, column, 'unknown_neuronpedia', latent.message, reference)
      return
    }
    Object.assign(found, {
      [names.latent]: latent.latent,
      [names.release]: latent.release,
      [names.id]: latent.saeId,
    })
  }
  find('neuronpedia', { latent: 'latent_idx', release: 'sae_release', id: 'sae_id' })
  find('condition_neuronpedia', {
    latent: 'condition_latent',
    release: 'condition_sae_release',
    id: 'condition_sae_id',
  })
  return found
}

function checkPositions(row: Row, { checkPositions: check }: ParseOptions, report: Report): void {
  for (const column of ['positions', 'skip_positions']) {
    const text = row[column]
    const message = typeof text === 'string' ? check?.(text) : null
    if (message) report(row.line, column, 'invalid_positions', message, text as string)
  }
}

function checkName(row: Row, prefix: string, check: NonNullable<ParseOptions['checkName']>, report: Report): void {
  const [release, id] = [row[`${prefix}sae_release`], row[`${prefix}sae_id`]]
  if (typeof release !== 'string' || typeof id !== 'string') return
  const found = check(release, id)
  if (found === null) return
  const column = `${prefix}${found.kind === 'unknown_release' ? 'sae_release' : 'sae_id'}`
  report(row.line, column, found.kind, found.message, row[column] as string)
}
