import { InputError, option, type Said, sentence } from '@saeval/hub'
import { renderSvg } from '../charts/render-chart.js'
import { compareWithBaseline } from '../compare/compare.js'
import type { Explanation } from '../results/explanation-file.js'
import type { Experiment, ExperimentRun } from '../results/read-experiment.js'
import type { Score } from '../results/run-results.js'
import { escapeHtml } from './escape.js'
import { finiteScore, meanScore, metricColumns, mostMoved } from './experiment-shape.js'
import { explanationsSection } from './explanations-section.js'
import { scoreText } from './numbers.js'
import { type ComparedRun, overviewTable, scoreOf } from './overview.js'
import { page } from './page.js'
import { provenanceSection } from './provenance.js'
import { type ReportChart, reportCharts } from './report-charts.js'
import { collectSamples } from './samples.js'
import { samplesSection } from './samples-section.js'

export interface ReportOptions {
  readonly title?: string
  /** The task whose change is the point of the experiment; by default the one that moves most. */
  readonly target?: string
  /** Leave the samples out of the page; they are in it by default. */
  readonly withoutSamples?: boolean
  /** Why answers flipped, for a section of its own; none by default. */
  readonly explanations?: readonly Explanation[]
  /** Ends the drawing between two charts, and the reading of samples between two files. */
  readonly signal?: AbortSignal
  /** The text of what the page says of options; by default under the libraries' names for them. */
  readonly words?: (said: Said) => string
}

export interface Report {
  /** One page that needs nothing else. */
  readonly html: string
  /** Its charts as SVG documents for papers. */
  readonly charts: readonly { readonly name: string; readonly svg: string }[]
}

/** Metrics that have charts at most: a page of more is no longer read, and each takes a while to draw. */
const mostCharted = 20

/** Renders an experiment as one HTML page. Throws InputError where `target` is no task of it, and for runs without scores. */
export async function renderReport(experiment: Experiment, options: ReportOptions = {}): Promise<Report> {
  const { baseline, runs, missing } = experiment
  const all = [...(baseline ? [baseline] : []), ...runs]
  if (all.every(({ results }) => results.scores.length === 0))
    throw new InputError(`${all.map(({ results }) => results.path).join(', ')}: no scores that a report could show`)
  const title = options.title ?? defaultTitle(all)
  const compared = await compareRuns(experiment)
  const metrics = metricColumns(experiment)
  const charts: ReportChart[] = []
  const sections: string[] = []
  for (const [index, [metric, columns]] of [...metrics].entries()) {
    options.signal?.throwIfAborted()
    const tasks = columns.filter(({ members }) => members === null)
    const target = targetOf(experiment, tasks, options.target)
    const own = target && runs.length > 0 && index < mostCharted ? reportCharts(experiment, metric, tasks, target) : []
    charts.push(...own)
    const figures = await Promise.all(own.map(figure))
    const summary = target && baseline ? `<p>${escapeHtml(summaryLine(experiment, metric, tasks, target))}</p>` : ''
    sections.push(
      `<section><h2>${escapeHtml(metric)}</h2>\n${summary}\n${overviewTable(baseline, compared, columns, options.words ?? String)}\n${figures.join('\n')}</section>`,
    )
  }
  if (options.target !== undefined && ![...metrics.values()].flat().some((score) => isNamed(score, options.target!)))
    throw new InputError(sentence`${option('target')} ${options.target}: no task of that name in these results`)
  const samples = options.withoutSamples
    ? ''
    : samplesSection(
        await collectSamples(all, options.signal),
        baseline !== null,
        all.indexOf(mostMovedRun(experiment, metrics) ?? all[1]!),
      )
  const tested = compared.some(({ comparisons }) => comparisons?.some(({ paired }) => paired !== null))
  return {
    html: page({
      title,
      body: [
        `<header><h1>${escapeHtml(title)}</h1><p class="soft">${escapeHtml(headline(experiment))}</p>
<nav>${samples ? '<a href="#samples">Samples</a>' : ''}<a href="#provenance">Provenance</a></nav></header>`,
        missing > 0 ? `<p><strong>${missing} cells of this sweep have not run yet.</strong></p>` : '',
        ...sections,
        metrics.size > mostCharted ? `<p class="soft">Only the first ${mostCharted} metrics have charts.</p>` : '',
        tested
          ? '<p class="soft"><sup>*</sup> beyond chance: p &lt; 0.05 after Holm’s correction over all differences on this page. Accuracies are compared document by document with McNemar’s exact test, other means with a paired bootstrap; point at a cell for its interval and p value.</p>'
          : '',
        explanationsSection(options.explanations ?? []),
        samples,
        `<section id="provenance"><h2>Provenance</h2>\n${provenanceSection(experiment)}</section>`,
      ]
        .filter((part) => part !== '')
        .join('\n'),
      script: 'report-page',
    }),
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

/** The run that differs most on the task that moves most: what a reader wants to see first. */
function mostMovedRun(experiment: Experiment, metrics: ReadonlyMap<string, readonly Score[]>): ExperimentRun | null {
  const { baseline, runs } = experiment
  const tasks = ([...metrics.values()][0] ?? []).filter(({ members }) => members === null)
  if (!baseline || runs.length === 0 || tasks.length === 0) return null
  const target = mostMoved(experiment, tasks)
  const before = finiteScore(baseline, target) ?? 0
  return farthestRun(runs, target, before)
}

function farthestRun(runs: readonly ExperimentRun[], target: Score, from: number): ExperimentRun {
  const distance = (run: ExperimentRun) => Math.abs((finiteScore(run, target) ?? from) - from)
  return runs.reduce((best, run) => (distance(run) > distance(best) ? run : best))
}

async function compareRuns({ baseline, runs }: Experiment): Promise<ComparedRun[]> {
  if (!baseline) return runs.map((run) => ({ run, comparisons: null }))
  // a folder of results may hold runs on other tasks too
  const comparable = runs.filter((run) => hasCommonScore(run, baseline))
  const comparisons = await compareWithBaseline(
    baseline.results,
    comparable.map(({ results }) => results),
  )
  return runs.map((run) => ({ run, comparisons: comparisons[comparable.indexOf(run)] ?? null }))
}

function hasCommonScore(a: ExperimentRun, b: ExperimentRun): boolean {
  const key = ({ task, metric, filter }: Score) => JSON.stringify([task, metric, filter])
  const known = new Set(b.results.scores.map(key))
  return a.results.scores.some((score) => known.has(key(score)))
}

function targetOf(experiment: Experiment, tasks: readonly Score[], wanted: string | undefined): Score | null {
  const named = wanted === undefined ? undefined : tasks.find((score) => isNamed(score, wanted))
  return named ?? (tasks.length > 0 ? mostMoved(experiment, tasks) : null)
}

function isNamed({ task, alias }: Score, name: string): boolean {
  return task === name || alias === name
}

/** The run that moves the target most, in words. */
function summaryLine({ baseline, runs }: Experiment, metric: string, tasks: readonly Score[], target: Score): string {
  const before = finiteScore(baseline!, target)
  const scored = runs.filter((run) => finiteScore(run, target) !== null)
  if (before === null || scored.length === 0) return ''
  const most = farthestRun(scored, target, before)
  const others = tasks.filter((task) => task !== target)
  const [restBefore, restAfter] = [meanScore(baseline!, others), meanScore(most, others)]
  const rest =
    restBefore === null || restAfter === null
      ? ''
      : ` The other tasks’ mean goes from ${scoreText(restBefore)} to ${scoreText(restAfter)}.`
  return `Largest effect: ${target.alias} goes from ${scoreText(before)} to ${scoreText(scoreOf(most, target)!.value)} ${metric} with ${most.label}.${rest}`
}

async function figure({ chart, caption }: ReportChart): Promise<string> {
  return `<figure>${await renderSvg(chart, 'page')}<figcaption>${escapeHtml(caption)}</figcaption></figure>`
}

function defaultTitle(runs: readonly ExperimentRun[]): string {
  const names = new Set(runs.map(({ results: { modelArgs } }) => modelArgs.base_name ?? modelArgs.pretrained))
  const [name] = names
  return names.size === 1 && typeof name === 'string' ? `Steering ${name}` : 'Steered language models'
}

function headline({ baseline, runs }: Experiment): string {
  const count = `${runs.length} run${runs.length === 1 ? '' : 's'}`
  return `${count}${baseline ? ' and the unsteered model' : ', no unsteered model to compare with'}`
}
