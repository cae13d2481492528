import { InputError, type Said } from '@saeval/hub'
import { renderSvg } from '../charts/render-chart.js'
import { palette } from '../charts/theme.js'
import type { KeptRuns } from '../compare/compare.js'
import type { Explanation } from '../results/explanation-file.js'
import type { Experiment, ExperimentRun } from '../results/read-experiment.js'
import { controlsSection } from './controls-section.js'
import { editedSection, factsList } from './edited-latents.js'
import { effectsTable } from './effects-table.js'
import { escapeHtml } from './escape.js'
import { finiteScore } from './experiment-shape.js'
import { explanationsSection } from './explanations-section.js'
import { findingsInShort } from './findings-in-short.js'
import { baselineName, type MetricView, type ReportRun } from './metric-view.js'
import { metricViews } from './metric-views.js'
import type { BrowserScript } from './page.js'
import { provenanceSection } from './provenance.js'
import { type ReportChart, reportCharts } from './report-charts.js'
import { collectSamples } from './samples.js'
import { samplesSection } from './samples-section.js'
import { testsSection } from './tests-overview.js'
import { parseTarget, type Target } from './wanted.js'

/** What a report shows. */
export interface PartsOptions {
  /**
   * The task or group whose change is the point of the experiment, and whether it is to go "up" or "down": "dogs:down". Metrics without it want nothing; those
   * of which lower is better go the other way. By default each metric's task that moves most, in the direction in which most runs move it.
   */
  readonly target?: string
  /** Leave the samples out of the page; they are in it by default. */
  readonly withoutSamples?: boolean
  /** Why answers flipped, for a section of its own; none by default. */
  readonly explanations?: readonly Explanation[]
  /** Ends the drawing between two charts, and the reading of samples between two files. */
  readonly signal?: AbortSignal
  /** What was found of runs before, and is found of these: for who renders again while results come. Nothing by default. */
  readonly kept?: KeptRuns
  /** The text of what the page says of options; by default under the libraries' names for them. */
  readonly words?: (said: Said) => string
}

/** A section of a report. */
export interface ReportPart {
  /** Its anchor. */
  readonly id: string
  readonly name: string
  readonly html: string
}

/** A report in its parts, for one page or several. */
export interface ReportParts {
  /** HTML: model, settings, documents, date, version. */
  readonly facts: string
  /** Those that have something to show. */
  readonly parts: readonly ReportPart[]
  /** What moves them. */
  readonly scripts: readonly BrowserScript[]
  readonly charts: readonly ReportChart[]
}

/** Metrics that have charts at most: a page of more is no longer read, and each takes a while to draw. */
const mostCharted = 20

/** Renders the sections of an experiment. Throws InputError where `target` is no task of it, and for runs without scores. */
export async function reportParts(experiment: Experiment, options: PartsOptions = {}): Promise<ReportParts> {
  const { baseline, runs } = experiment
  const all = [...(baseline ? [baseline] : []), ...runs]
  if (all.every(({ results }) => results.scores.length === 0))
    throw new InputError(`${all.map(({ results }) => results.path).join(', ')}: no scores that a report could show`)
  const target = options.target === undefined ? null : parseTarget(options.target)
  const views = await metricViews(experiment, target, options.kept)
  const charts: ReportChart[] = []
  const metrics: ReportPart[] = []
  for (const [index, view] of views.entries()) {
    options.signal?.throwIfAborted()
    const own = runs.length > 0 && index < mostCharted ? reportCharts(view) : []
    charts.push(...own)
    const left = index === mostCharted ? `<p class="soft">Only the first ${mostCharted} metrics have charts.</p>` : ''
    metrics.push({
      id: `metric-${index}`,
      name: view.metric,
      html: `${left}${await metricSection(view, index, own, target)}`,
    })
  }
  const samples = options.withoutSamples
    ? ''
    : samplesSection(await collectSamples(all, options.signal), baseline !== null, shownFirst(all, views))
  const provenance = `<section id="provenance">${heading('provenance', 'Provenance')}\n${provenanceSection(experiment)}</section>`
  const parts: readonly ReportPart[] = [
    { id: 'edited', name: 'What was edited', html: editedSection(baseline, runs) },
    ...metrics,
    { id: 'tests', name: 'Tests', html: testsSection(views, options.words ?? String) },
    { id: 'controls', name: 'Beside controls', html: controlsSection(experiment) },
    { id: 'explained', name: 'Why answers flipped', html: explanationsSection(options.explanations ?? []) },
    { id: 'samples', name: 'Samples', html: samples },
    { id: 'provenance', name: 'Provenance', html: provenance },
  ]
  return {
    facts: factsList(baseline, runs),
    parts: parts.filter(({ html }) => html !== ''),
    scripts: [
      'chart-points',
      'data-tables',
      'downloads',
      ...(samples ? (['sample-card', 'sample-browser'] as const) : []),
    ],
    charts,
  }
}

/** One metric: what did most, the map of settings by tasks, the charts. */
async function metricSection(
  view: MetricView,
  index: number,
  charts: readonly ReportChart[],
  target: Target | null,
): Promise<string> {
  const id = `metric-${index}`
  const figures = await Promise.all(charts.map((chart, place) => figure(chart, `${id}-chart-${place}`)))
  return `<section id="${id}">${heading(id, view.metric)}
${target !== null && view.wanted === null ? `<p class="soft">${escapeHtml(target.name)} has no ${escapeHtml(view.metric)}: nothing is wanted here, and colours say which values are better.</p>` : findingsInShort(view, `${id}-in-short`)}
<h3 id="${id}-map">Settings by tasks</h3>
${effectsTable(view, `${id}-effects`)}
${legend(view)}
${figures.join('\n')}</section>`
}

function legend(view: MetricView): string {
  const { baseline, columns } = view
  if (baseline === null) return ''
  const groups = columns.some(({ members }) => members !== null)
    ? ' Groups are unions of tasks: an interval, and no test of their own.'
    : ''
  return `<p class="soft">In each cell: the value, its difference to ${escapeHtml(baselineName(view))} and the paired 95 % interval of the difference. <sup>*</sup> and a colour: beyond chance, <span class="key good s4">as wanted or better</span> or <span class="key bad s4">against it</span>, the deeper the larger.${groups}</p>`
}

/** A heading with its own address. */
function heading(id: string, text: string): string {
  return `<h2>${escapeHtml(text)}<a class="anchor" href="#${id}" aria-label="Link to ${escapeHtml(text)}">#</a></h2>`
}

/** The run whose samples a reader wants to see first: that which moves the target most, among all runs. */
function shownFirst(all: readonly ExperimentRun[], views: readonly MetricView[]): number {
  const view = views.find(({ wanted }) => wanted !== null)
  const { baseline, wanted, runs } = view ?? { baseline: null, wanted: null, runs: [] }
  if (!baseline || !wanted || runs.length === 0) return 1
  const before = finiteScore(baseline.run, wanted.target) ?? 0
  const distance = ({ run }: ReportRun) => Math.abs((finiteScore(run, wanted.target) ?? before) - before)
  const most = runs.reduce((best, run) => (distance(run) > distance(best) ? run : best))
  return all.findIndex(({ results }) => results.path === most.run.results.path)
}

/** A chart on the page: as panels that fit any width where it has them. */
async function figure({ name, chart, panels, legend: colours, caption }: ReportChart, id: string): Promise<string> {
  const shown = panels.length > 0 ? panels.map((part) => part.chart) : [chart]
  const parts = await Promise.all(
    shown.map(async (part, index) => {
      const file = shown.length > 1 ? `${name}-${index + 1}` : name
      return `<div class="chart">${await renderSvg(part, 'page')}<button type="button" data-svg="${file}" hidden>SVG</button></div>`
    }),
  )
  const keys = colours.map(
    (series, index) =>
      `<li><svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" rx="3" fill="${palette[index]}"/></svg>${escapeHtml(series)}</li>`,
  )
  return `<figure id="${id}"${panels.length > 0 ? '' : ' class="single"'}><div class="charts">${parts.join('\n')}</div>${keys.length > 0 ? `<ul class="keys">${keys.join('')}</ul>` : ''}<figcaption>${escapeHtml(caption)}</figcaption></figure>`
}
