import type { Parameters } from '../results/sweep-file.js'
import { escapeHtml } from './escape.js'

/** A column of a table. */
export interface TableColumn {
  /** Its name, in the table and in the CSV. */
  readonly name: string
  /** Its name in the CSV, where it is another one. */
  readonly csv?: string
  /** Names of what the CSV has beside its value, each behind the column's own. */
  readonly more?: readonly string[]
  /** A word below the name; none by default. */
  readonly note?: string
  /** Texts stand left, numbers right. */
  readonly isText?: boolean
}

/** What stands in a cell: text, or what is shown (HTML) with the value that it is sorted by and the CSV holds. */
export type TableCell =
  | string
  | {
      readonly html: string
      readonly value: string | number | null
      readonly kind?: string
      /** Values of the column's `more`, in its order; none where it has none. */
      readonly more?: readonly (number | null)[]
    }

/** A row. */
export interface TableRow {
  /** The first names the row. */
  readonly cells: readonly TableCell[]
  /** Class of the row. */
  readonly kind?: string
  /** What the row can be chosen by. */
  readonly parameters?: Parameters
}

/** A table that can be sorted, filtered and taken away as CSV. */
export interface DataTable {
  /** Its anchor, and the name of its CSV. */
  readonly id: string
  /** What it holds, for those who do not see it. */
  readonly caption: string
  readonly columns: readonly TableColumn[]
  readonly rows: readonly TableRow[]
}

/** Values of a parameter that a list offers at most. */
const mostOffered = 100

/** HTML of a table; browser/data-tables.ts sorts and filters it, on narrow screens a row is a card. */
export function dataTable({ id, caption, columns, rows }: DataTable): string {
  const heads = columns.map(({ name, csv = name, more = [], note, isText }, index) => {
    const names = [csv, ...more.map((one) => `${csv} ${one}`)]
    const inCsv = names.length > 1 || csv !== name ? ` data-csv-names="${escapeHtml(JSON.stringify(names))}"` : ''
    return `<th scope="col" data-name="${escapeHtml(name)}"${inCsv}${isText || index === 0 ? ' class="text"' : ''}><span>${escapeHtml(name)}</span>${note ? ` <small>${escapeHtml(note)}</small>` : ''}</th>`
  })
  const lines = rows.map(({ cells, kind, parameters }) => {
    const own = cells.map((cell, index) => cellHtml(cell, columns[index]!, index === 0))
    const chosen = parameters ? ` data-by="${escapeHtml(JSON.stringify(parameters))}"` : ''
    return `<tr role="row"${kind ? ` class="${kind}"` : ''}${chosen}>${own.join('')}</tr>`
  })
  // a narrow screen shows rows as cards, and a browser forgets then that it is a table: so the roles are said
  return `<div class="data" data-table id="${id}">${tools(id, rows)}
<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(caption)}"><table role="table"><caption>${escapeHtml(caption)}</caption><thead role="rowgroup"><tr role="row">${heads.join('')}</tr></thead>
<tbody role="rowgroup">${lines.join('\n')}</tbody></table></div></div>`
}

function cellHtml(cell: TableCell, { name, isText }: TableColumn, isFirst: boolean): string {
  const given: Exclude<TableCell, string> = typeof cell === 'string' ? { html: escapeHtml(cell), value: cell } : cell
  const { html, value, kind = '', more = [] } = given
  const classes = [isText || isFirst ? 'text' : '', kind].filter((item) => item !== '').join(' ')
  const beside = more.map((one) => (one === null ? '' : String(one)))
  const inCsv = beside.some((one) => one !== '') ? ` data-more="${escapeHtml(JSON.stringify(beside))}"` : ''
  const shown = `${classes ? ` class="${classes}"` : ''} data-v="${escapeHtml(value === null ? '' : String(value))}"${inCsv}`
  return isFirst
    ? `<th scope="row" role="rowheader"${shown}><span>${html}</span></th>`
    : `<td role="cell" data-label="${escapeHtml(name)}"${shown}><span>${html}</span></td>`
}

/** What chooses rows: words, and a list for each parameter that differs. Shown where a script can move it. */
function tools(id: string, rows: readonly TableRow[]): string {
  const values = new Map<string, Set<string | number>>()
  for (const { parameters } of rows)
    for (const [name, value] of Object.entries(parameters ?? {}))
      values.set(name, (values.get(name) ?? new Set()).add(value))
  const lists = [...values].flatMap(([name, found]) =>
    found.size < 2 || found.size > mostOffered
      ? []
      : `<label>${escapeHtml(name)}<select data-by="${escapeHtml(name)}"><option value="">all</option>${[...found]
          .map(
            (value) =>
              `<option value="${escapeHtml(JSON.stringify(value))}">${escapeHtml(String(value).replace(/^-(?=\d)/, '−'))}</option>`,
          )
          .join('')}</select></label>`,
  )
  const words = rows.length > 8 ? '<label>containing<input type="search" name="words"></label>' : ''
  return `<div class="tools" hidden>${words}${lists.join('')}<label class="narrow">sorted by<select name="sort"></select></label><span role="status" class="soft"></span><button type="button" data-csv="${id}">CSV</button></div>`
}
