import { columns, type SaeSteeredRow, type SteeredRow } from './columns.js'

/** A steering file with these rows; parsing it gives them back. Optional columns stand only where a row uses them. */
export function writeSteeringCsv(rows: readonly SaeSteeredRow[] | readonly SteeredRow[]): string {
  const list = rows as readonly (SaeSteeredRow | SteeredRow)[]
  const dialect = list[0] !== undefined && 'sparse_model' in list[0] ? 'steered' : 'sae_steered_beta'
  const value = (row: SaeSteeredRow | SteeredRow, name: string) => {
    // what a Neuronpedia reference gave is not written beside it
    const prefix = name.startsWith('condition_') ? 'condition_' : ''
    const fields = row as unknown as Record<string, string | number | null | undefined>
    if (fields[`${prefix}neuronpedia`] && referenced.has(name)) return ''
    const found = fields[name] ?? row.extra[name]
    return found === null || found === undefined ? '' : String(found)
  }
  const known = columns[dialect]
    .filter(({ name, required }) => required || list.some((row) => value(row, name) !== ''))
    .map((column) => column.name)
  const extra = [...new Set(list.flatMap((row) => Object.keys(row.extra)))]
  const header = [...known, ...extra]
  return [header, ...list.map((row) => header.map((name) => value(row, name)))]
    .map((cells) => `${cells.map(quoted).join(',')}\n`)
    .join('')
}

const referenced = new Set([
  'latent_idx',
  'sae_release',
  'sae_id',
  'condition_latent',
  'condition_sae_release',
  'condition_sae_id',
])

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) || cell !== cell.trim() ? `"${cell.replaceAll('"', '""')}"` : cell
}
