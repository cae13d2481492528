import { renderSvg } from '../charts/render-chart.js'
import { type TradeOffOptions, tradeOffChart } from '../charts/trade-off.js'
import { dataTable } from './data-table.js'
import { escapeHtml } from './escape.js'
import { page } from './page.js'
import type { Report } from './render-report.js'

/** A table of a page. */
export interface FindingsTable {
  readonly heading: string
  /** What it says, in a paragraph above it. */
  readonly text: string
  readonly headers: readonly string[]
  /** Texts of cells; the first of a row names it. */
  readonly rows: readonly (readonly string[])[]
}

/** What a search or another study of latents has found. */
export interface Findings {
  readonly title: string
  /** The answer, in a sentence. */
  readonly verdict: string
  readonly tables: readonly FindingsTable[]
  /** The objective against what it costs, with its caption; null for none. */
  readonly tradeOff: (TradeOffOptions & { readonly caption: string }) | null
  /** The command line that makes it again, and the program's version. */
  readonly command: string
  readonly saeval: string
}

/** Renders findings as one HTML page that needs nothing beside it. */
export async function renderFindings(findings: Findings): Promise<Report> {
  const { title, verdict, tables, tradeOff, command, saeval } = findings
  const chart = tradeOff && tradeOffChart(tradeOff)
  const figure =
    chart === null
      ? ''
      : `<figure class="single"><div class="charts"><div class="chart">${await renderSvg(chart, 'page')}<button type="button" data-svg="trade-off" hidden>SVG</button></div></div><figcaption>${escapeHtml(tradeOff!.caption)}</figcaption></figure>`
  const body = `<h1>${escapeHtml(title)}</h1>
<p><b>${escapeHtml(verdict)}</b></p>
${figure}
${tables.map(tableSection).join('\n')}
<section><h2>Where it comes from</h2><pre>${escapeHtml(command)}</pre><p class="soft">saeval ${escapeHtml(saeval)}</p></section>`
  return {
    html: page({ title, body, scripts: ['chart-points', 'data-tables', 'downloads'] }),
    charts: chart === null ? [] : [{ name: 'trade-off', svg: await renderSvg(chart, 'paper') }],
  }
}

function tableSection({ heading, text, headers, rows }: FindingsTable, index: number): string {
  // "−92 to −60" is of numbers
  const isText = (column: number) => rows.some((row) => /\p{L}{2}/u.test((row[column] ?? '').replace(' to ', '')))
  const columns = headers.map((name, column) => ({ name, isText: isText(column) }))
  const table = { id: `table-${index + 1}`, caption: heading, columns, rows: rows.map((cells) => ({ cells })) }
  return `<section><h2>${escapeHtml(heading)}</h2><p>${escapeHtml(text)}</p>\n${dataTable(table)}</section>`
}
