import { renderSvg } from '../charts/render-chart.js'
import type { Experiment, ExperimentRun } from '../results/read-experiment.js'
import { escapeHtml } from './escape.js'
import { page } from './page.js'
import type { ReportChart } from './report-charts.js'
import { type PartsOptions, reportParts } from './report-parts.js'

/** What a report shows, and its heading. */
export interface ReportOptions extends PartsOptions {
  readonly title?: string
}

export interface Report {
  /** One page that needs nothing else. */
  readonly html: string
  /** Its charts as SVG documents for papers. */
  readonly charts: readonly { readonly name: string; readonly svg: string }[]
}

/** Renders an experiment as one HTML page. Throws InputError where `target` is no task of it, and for runs without scores. */
export async function renderReport(experiment: Experiment, options: ReportOptions = {}): Promise<Report> {
  const { baseline, runs, missing } = experiment
  const { facts, parts, scripts, charts } = await reportParts(experiment, options)
  const title = options.title ?? defaultTitle([...(baseline ? [baseline] : []), ...runs])
  const links = parts.map(({ id, name }) => `<a href="#${id}">${escapeHtml(name)}</a>`)
  const body = [
    `<header><h1>${escapeHtml(title)}</h1>${facts}<nav aria-label="Sections">${links.join('')}</nav></header>`,
    missing > 0 ? `<p><strong>${missing} cells of this sweep have not run yet.</strong></p>` : '',
    ...parts.map(({ html }) => html),
  ]
  return {
    html: page({ title, body: body.filter((part) => part !== '').join('\n'), scripts }),
    charts: await drawn(charts, options.signal),
  }
}

/** The charts on paper, one after the other, under names that differ. */
async function drawn(charts: readonly ReportChart[], signal: AbortSignal | undefined): Promise<Report['charts']> {
  const files: { name: string; svg: string }[] = []
  for (const { name, chart } of charts) {
    signal?.throwIfAborted()
    const same = charts.filter((other) => other.name === name)
    const number = files.filter((file) => file.name.startsWith(name)).length + 1
    files.push({ name: same.length > 1 ? `${name}-${number}` : name, svg: await renderSvg(chart, 'paper') })
  }
  return files
}

function defaultTitle(runs: readonly ExperimentRun[]): string {
  const names = new Set(runs.map(({ results: { modelArgs } }) => modelArgs.base_name ?? modelArgs.pretrained))
  const [name] = names
  return names.size === 1 && typeof name === 'string' ? `Steering ${name}` : 'Steered language models'
}
