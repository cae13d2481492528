import { option, type Said, sentence } from '@saeval/hub'
import { changedAnswers } from '../compare/changed-answers.js'
import type { Comparison, Unpaired } from '../compare/compare.js'
import { type DataTable, dataTable, type TableCell } from './data-table.js'
import { escapeHtml } from './escape.js'
import { metricName } from './experiment-shape.js'
import { baselineName, isSure, type MetricView, measureOf, type ReportRun, shownName, unitOf } from './metric-view.js'
import { changeText, intervalText, plainText, pValueText, type Unit, valueText } from './numbers.js'
import { scoreOf } from './score-of.js'
import { judged } from './wanted.js'

const reasons: Readonly<Record<Unpaired, Said>> = {
  'no samples': sentence`the samples of both runs are not here (${option('logSamples')})`,
  'different documents': 'the runs evaluated different documents',
  'not a mean': 'the metric is not a mean over documents',
  'not finite': 'a value is infinite or not a number',
}

/** How many tests there are, what they found, and every one of them. '' where nothing was compared. */
export function testsSection(views: readonly MetricView[], words: (said: Said) => string): string {
  const all = views.flatMap((view) =>
    view.runs.flatMap((run) =>
      view.columns.flatMap((score) => {
        const comparison = run.comparisons?.find(
          ({ task, metric, filter }) => task === score.task && metric === score.metric && filter === score.filter,
        )
        return comparison ? [{ view, run, comparison }] : []
      }),
    ),
  )
  if (all.length === 0) return ''
  const family = all.filter(({ comparison }) => comparison.holm !== null)
  const sure = family.filter(({ comparison }) => isSure(comparison))
  const groups = all.filter(({ comparison }) => comparison.isGroup && comparison.paired !== null).length
  const text = `${family.length} tests are one family: every setting against ${baselineName(views[0]!)} on every single task and metric. Holm’s method corrects for all of them; ${sure.length} ${sure.length === 1 ? 'is' : 'are'} beyond chance (corrected p below 0.05).${groups === 0 ? '' : ` ${groups} rows of groups are unions of tasks that are counted already: they have an interval and a p of their own and are not in the family.`} Shares of right answers are compared document by document with McNemar’s exact test and Bonett and Price’s interval, other means with a sign-flip test and Student’s interval.`
  return `<section id="tests"><h2>Tests<a class="anchor" href="#tests" aria-label="Link to Tests">#</a></h2><p>${escapeHtml(text)}</p>
<h3>By task</h3>
${dataTable(byTask(views))}
<details id="differences"><summary><h3>Every difference</h3></summary>
<p class="soft">Detectable: the smallest true difference that these documents would have shown four times in five. Where it is large, no difference found says little.</p>
${dataTable(everyDifference(all, words))}</details></section>`
}

interface Tested {
  readonly view: MetricView
  readonly run: ReportRun
  readonly comparison: Comparison
}

function byTask(views: readonly MetricView[]): DataTable {
  const rows = views.flatMap((view) =>
    view.columns.map((score) => {
      const found = view.runs.flatMap((run) =>
        (run.comparisons ?? []).filter(
          (item) => item.task === score.task && item.metric === score.metric && item.filter === score.filter,
        ),
      )
      const tested = found.filter(({ paired }) => paired !== null)
      const kinds = tested.filter(isSure).map(({ paired }) => judged(score, paired!.difference, view.wanted))
      const detectable = tested.map(({ paired }) => paired!.detectable).sort((a, b) => a - b)
      const unit = { isProportion: tested.some(({ paired }) => paired!.method === 'mcnemar'), n: score.n }
      const median = detectable[Math.floor(detectable.length / 2)]
      const count = (kind: string): TableCell => whole(kinds.filter((item) => item === kind).length)
      return {
        cells: [
          { html: escapeHtml(`${shownName(view, score)}${score.members ? ' (group)' : ''}`), value: score.task },
          metricName(score),
          whole(score.n),
          score.members ? { html: 'not counted', value: null } : whole(tested.length),
          count('good'),
          count('bad'),
          median === undefined
            ? { html: '–', value: null }
            : { html: changeText(median, unit).replace('+', ''), value: median },
        ],
      }
    }),
  )
  return {
    id: 'tests-by-task',
    caption: 'Tests by task',
    columns: [
      { name: 'task', isText: true },
      { name: 'metric', isText: true },
      { name: 'documents' },
      { name: 'tests' },
      { name: 'surely as wanted or better' },
      { name: 'surely worse' },
      { name: 'detectable', note: 'median' },
    ],
    rows,
  }
}

function everyDifference(all: readonly Tested[], words: (said: Said) => string): DataTable {
  return {
    id: 'all-differences',
    caption: 'Every difference',
    columns: [
      { name: 'setting', isText: true },
      { name: 'task', isText: true },
      { name: 'metric', isText: true },
      { name: 'before' },
      { name: 'after', more: ['low', 'high'], note: '95 % interval' },
      { name: 'difference', more: ['low', 'high'], note: 'paired 95 % interval' },
      { name: 'p' },
      { name: 'p (Holm)' },
      { name: 'improved' },
      { name: 'worsened' },
      { name: 'detectable' },
      { name: 'documents' },
    ],
    rows: all.map((tested) => ({
      cells: differenceCells(tested, words),
      parameters: { task: shownName(tested.view, tested.comparison), ...tested.run.run.parameters },
    })),
  }
}

function differenceCells({ view, run, comparison }: Tested, words: (said: Said) => string): TableCell[] {
  const { task, isGroup, before, after, paired, unpaired, holm } = comparison
  const score = scoreOf(run.run, comparison)!
  const unit = unitOf(run, score)
  const share: Unit = { ...unit, isProportion: unit.isProportion || paired?.method === 'mcnemar' }
  const interval = measureOf(run, score)?.interval
  const changed = changedAnswers(comparison)
  const difference = `<b>${changeText(after - before, share)}</b>`
  return [
    run.run.label,
    { html: escapeHtml(`${shownName(view, comparison)}${isGroup ? ' (group)' : ''}`), value: task },
    metricName(score),
    { html: valueText(before, share), value: before },
    {
      html: `${valueText(after, share)}${interval ? ` <span class="ci">(${intervalText(interval, share, false)})</span>` : ''}`,
      value: after,
      more: [interval?.low ?? null, interval?.high ?? null],
    },
    {
      html: paired
        ? `${difference} <span class="ci">(${intervalText(paired, share, true)})</span>`
        : `${difference} <span class="ci">not tested: ${escapeHtml(words(reasons[unpaired!]))}</span>`,
      value: after - before,
      more: [paired?.low ?? null, paired?.high ?? null],
    },
    paired ? { html: escapeHtml(pValueText(paired.pValue)), value: paired.pValue } : { html: '', value: null },
    holm === null
      ? { html: paired ? 'not in the family' : '', value: null }
      : { html: `${escapeHtml(pValueText(holm))}${isSure(comparison) ? '<sup>*</sup>' : ''}`, value: holm },
    changed ? whole(changed.improved) : { html: '', value: null },
    changed ? whole(changed.worsened) : { html: '', value: null },
    paired
      ? {
          html: share.isProportion
            ? changeText(paired.detectable, share).replace('+', '')
            : plainText(paired.detectable),
          value: paired.detectable,
        }
      : { html: '', value: null },
    whole(paired?.n ?? score.n),
  ]
}

function whole(count: number): TableCell {
  return { html: String(count), value: count }
}
