import { checkUse } from './action-columns.js'
import type { Column, DraftRow, SaeSteeredRow, SteeredRow } from './columns.js'
import type { Report } from './problem.js'
import { type Cell, readCell } from './read-cell.js'
import { type CsvRecord, formMessages, type Separator, separators } from './records.js'
import type { SaeNames } from './sae-names.js'

/** How the records of a file are read: which cell is which column's. */
export interface Table {
  readonly header: readonly string[]
  readonly separator: Separator
  /** The dialect's columns, where they stand (-1: nowhere), and where a reference stands that may give their values (-1: nothing does). */
  readonly columns: readonly { readonly column: Column; readonly index: number; readonly reference: number }[]
  /** Columns that mean nothing. */
  readonly others: readonly { readonly name: string; readonly index: number }[]
}

/** Reads one row of the `sae_steered_beta` dialect; null where something is wrong with it, which is reported. */
export function readSaeSteeredRow(
  record: CsvRecord,
  table: Table,
  names: SaeNames,
  report: Report,
): SaeSteeredRow | null {
  const { row, isWhole } = readCells<DraftRow>(record, table, report)
  let found: SaeSteeredRow | null = null
  if (isWhole) {
    checkUse(row as DraftRow, report)
    found = findReferences(row as DraftRow, names, report)
  }
  const named = { ...row, ...found }
  checkName('', named.sae_release, named.sae_id, names, report)
  checkName('condition_', named.condition_sae_release, named.condition_sae_id, names, report)
  if (found === null) return null
  const { sae_release: release, condition_sae_release: other } = found
  const own = { ...found, sae_release: names.release(release) }
  return other === undefined ? own : { ...own, condition_sae_release: names.release(other) }
}

/** Reads one row of the `steered` dialect; null where something is wrong with it, which is reported. */
export function readSteeredRow(record: CsvRecord, table: Table, names: SaeNames, report: Report): SteeredRow | null {
  const { row, isWhole } = readCells<SteeredRow>(record, table, report)
  if (!isWhole) return null
  const steered = row as SteeredRow
  if (steered.loader === 'sae_lens' && steered.sae_id === null)
    report('sae_id', 'required_for_loader', 'loader sae_lens needs a sae_id; give one')
  return { ...steered, sparse_model: names.release(steered.sparse_model) }
}

/** The values of a record's cells as a row, whole where none of them was reported. */
function readCells<Row>(
  { line, cells }: CsvRecord,
  { header, separator, columns, others }: Table,
  report: Report,
): { row: Partial<Row>; isWhole: boolean } {
  const row: Record<string, unknown> = { line }
  if (cells.length > header.length) {
    const message = `the row has more cells than the header; put a cell that contains ${separators[separator]} in quotation marks`
    report(null, 'too_many_fields', message)
    return { row: {}, isWhole: false }
  }
  const missing = header[cells.length]
  if (missing !== undefined) {
    const message = `the row ends before the column "${missing}"; give every column a cell, if an empty one`
    report(missing, 'too_few_fields', message)
  }
  let isWhole = missing === undefined
  for (const { column, index, reference } of columns) {
    // cells that are not there are reported above
    if (index >= cells.length) continue
    const text = index < 0 ? '' : cells[index]!
    if (text === '' && (column.sparse || (cells[reference] ?? '') !== '')) continue
    const cell = readColumn(column, text, separator === ';')
    if ('problem' in cell) {
      report(column.name, cell.problem.kind, cell.problem.message, text || undefined)
      isWhole &&= column.type === 'positions'
    }
    row[column.name] = 'value' in cell ? cell.value : null
  }
  // a column may bear the name of a prototype
  row.extra = Object.fromEntries(others.map(({ name, index }) => [name, cells[index] ?? '']))
  // the table of columns says what the type says
  return { row: row as Partial<Row>, isWhole }
}

/** The cell's value, null where there is none. */
function readColumn(column: Column, text: string | null, decimalComma: boolean): Cell | { readonly value: null } {
  if (text === null) return { problem: { kind: 'not_utf8', message: formMessages.not_utf8 } }
  if (text !== '') return readCell(text, column.type, decimalComma)
  if (!column.required) return column.default === null ? { value: null } : { value: column.default }
  return { problem: { kind: 'empty', message: `the cell is empty; every row needs a ${column.name}` } }
}

/** The columns that a reference stands for: those of a latent. */
const references = {
  neuronpedia: { latent: 'latent_idx', release: 'sae_release', id: 'sae_id' },
  condition_neuronpedia: {
    latent: 'condition_latent',
    release: 'condition_sae_release',
    id: 'condition_sae_id',
  },
} as const

/** Fills in what Neuronpedia references stand for; null where one cannot be used. */
function findReferences(row: DraftRow, names: SaeNames, report: Report): SaeSteeredRow | null {
  let found: DraftRow | null = row
  for (const column of ['neuronpedia', 'condition_neuronpedia'] as const) {
    const reference = row[column]
    if (reference === undefined) continue
    const { latent, release, id } = references[column]
    const filled = [latent, release, id].find((name) => row[name] !== undefined)
    const read =
      filled === undefined
        ? names.latent(reference)
        : { message: `the row names a latent by ${column} and by ${filled}; leave one of them empty` }
    if ('message' in read) {
      report(column, filled === undefined ? 'unknown_neuronpedia' : 'contradiction', read.message, reference)
      found = null
    } else if (found !== null) {
      found = { ...found, [latent]: read.latent, [release]: read.release, [id]: read.id }
    }
  }
  return found as SaeSteeredRow | null
}

function checkName(
  prefix: '' | 'condition_',
  release: string | null | undefined,
  id: string | null | undefined,
  names: SaeNames,
  report: Report,
): void {
  if (typeof release !== 'string' || typeof id !== 'string') return
  const problem = names.problem(release, id)
  if (problem === null) return
  const isRelease = problem.kind === 'unknown_release'
  const column = `${prefix}${isRelease ? 'sae_release' : 'sae_id'}`
  report(column, problem.kind, problem.message, isRelease ? release : id)
}
