import { columns, type SaeSteeredRow, type SteeredRow } from './columns.js'

/** Columns that other columns have been filled in from. */
const references = ['neuronpedia', 'condition_neuronpedia']

/**
 * A steering file with these rows; parsing it gives them back. Optional columns stand only where a row uses them. What a Neuronpedia
 * reference stood for is written in its place.
 */
export function writeSteeringCsv(rows: readonly SaeSteeredRow[] | readonly SteeredRow[]): string {
  const list = rows as readonly (SaeSteeredRow | SteeredRow)[]
  const dialect = list[0] !== undefined && 'sparse_model' in list[0] ? 'steered' : 'sae_steered_beta'
  const value = (row: SaeSteeredRow | SteeredRow, name: string) => {
    const fields = row as unknown as Record<string, string | number | null | undefined>
    const found = fields[name] ?? row.extra[name]
    return found === null || found === undefined ? '' : String(found)
  }
  const known = columns[dialect]
    .filter(({ name }) => !references.includes(name))
    .filter(({ name, required }) => required || list.some((row) => value(row, name) !== ''))
    .map((column) => column.name)
  const extra = [...new Set(list.flatMap((row) => Object.keys(row.extra)))]
  const header = [...known, ...extra]
  return [header, ...list.map((row) => header.map((name) => value(row, name)))]
    .map((cells) => `${cells.map(quoted).join(',')}\n`)
    .join('')
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) || cell !== cell.trim() ? `"${cell.replaceAll('"', '""')}"` : cell
}
