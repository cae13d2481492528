import { columns, type PositionsCell, type SaeSteeredRow, type SteeredRow } from './columns.js'

/** Columns that other columns have been filled in from. */
const references = ['neuronpedia', 'condition_neuronpedia']

/**
 * A steering file with these rows; parsing it gives them back. Optional columns stand only where a row uses them. What a Neuronpedia
 * reference stood for is written in its place.
 */
export function writeSteeringCsv(rows: readonly SaeSteeredRow[] | readonly SteeredRow[]): string {
  const list = rows as readonly (SaeSteeredRow | SteeredRow)[]
  const dialect = list[0] !== undefined && 'sparse_model' in list[0] ? 'steered' : 'sae_steered_beta'
  const known = columns[dialect]
    .map(({ name, required }) => ({
      required,
      cells: list.map((row) => written((row as unknown as Values)[name])),
      name,
    }))
    .filter(
      ({ name, required, cells }) => required || (!references.includes(name) && cells.some((cell) => cell !== '')),
    )
  const notes = [...new Set(list.flatMap(({ extra }) => Object.keys(extra)))].map((name) => ({
    name,
    // a note may bear the name of a prototype
    cells: list.map(({ extra }) => (Object.hasOwn(extra, name) ? extra[name]! : '')),
  }))
  const table = [...known, ...notes]
  return [table.map(({ name }) => name), ...list.map((_, row) => table.map(({ cells }) => cells[row]!))]
    .map((cells) => `${cells.map(quoted).join(',')}\n`)
    .join('')
}

type Values = Readonly<Record<string, string | number | PositionsCell | null | undefined>>

function written(value: Values[string]): string {
  return typeof value === 'object' ? (value?.text ?? '') : String(value ?? '')
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) || cell !== cell.trim() ? `"${cell.replaceAll('"', '""')}"` : cell
}
