import type { Comparison } from '../compare/compare.js'
import { type ExperimentRun, parametersLabel } from '../results/read-experiment.js'
import { dataTable, type TableCell } from './data-table.js'
import { editedLatents } from './edited-latents.js'
import { escapeHtml } from './escape.js'
import { comparisonOf, isSure, type MetricView, type ReportRun, shownName, unitOf } from './metric-view.js'
import { changeText, intervalText, pValueText, valueText } from './numbers.js'
import { scoreOf } from './score-of.js'
import { judged, type Wanted } from './wanted.js'

/** Lines of the table at most. */
const mostLines = 20

/**
 * What did most: of each latent, action and other parameter the strength that moves the target furthest as wanted, with its largest harm elsewhere. ''
 * where there is nothing to compare with.
 */
export function findingsInShort(view: MetricView, id: string): string {
  const { wanted, runs } = view
  if (wanted === null) return ''
  const best = new Map<string, { run: ReportRun; gain: number }>()
  for (const run of runs) {
    const gain = gainOf(run, wanted)
    const key = seriesOf(run.run, view.dose)
    if (gain !== null && gain > (best.get(key)?.gain ?? Number.NEGATIVE_INFINITY)) best.set(key, { run, gain })
  }
  if (best.size === 0) return ''
  const order = [...best.values()].sort((a, b) => b.gain - a.gain)
  const rows = order.slice(0, mostLines).map(({ run }) => ({
    cells: [
      run.run.label,
      editedText(run.run),
      ...describe(run, comparisonOf(run, wanted.target)!),
      ...harmCells(view, run, largestHarm(run, view)),
    ],
    parameters: {},
  }))
  const task = shownName(view, wanted.target)
  const verb = wanted.direction === 'down' ? 'lower' : 'raise'
  const source = wanted.isSaid ? '' : ', where most settings move it'
  const chosen =
    runs.length < 2
      ? ''
      : ' Of each latent and action the strength that does it most; it is chosen on these same answers, so it will look better here than it is.'
  const more = order.length > mostLines ? ` The first ${mostLines} of ${order.length} are here.` : ''
  return `<p>Wanted: to ${verb} <b>${escapeHtml(task)}</b>${source}.${chosen}${more}</p>
${dataTable({
  id,
  caption: `Largest effects on ${task}`,
  columns: [
    { name: 'setting', isText: true },
    { name: 'latent', isText: true },
    { name: task, csv: wanted.target.task, more: ['before'], isText: true },
    { name: 'difference', more: ['low', 'high'], note: '95 % interval' },
    { name: 'sure?', csv: 'p (Holm)', isText: true },
    { name: 'largest harm elsewhere', more: ['before', 'after'], isText: true },
    { name: 'harm', more: ['low', 'high'], note: '95 % interval' },
    { name: 'harm sure?', csv: 'harm p (Holm)', isText: true },
  ],
  rows,
})}`
}

/** The latents of a run, as its record names them. */
function editedText(run: ExperimentRun): string {
  const latents = editedLatents([run])
  const names = latents
    .slice(0, 3)
    .map(({ latent, description }) => `${latent}${description ? ` (${description})` : ''}`)
  return (
    `${names.join(', ')}${latents.length > names.length ? ` and ${latents.length - names.length} more` : ''}` || '–'
  )
}

/** The parameters of a run but its dose, in words. */
export function seriesOf({ parameters }: ExperimentRun, dose: string | null): string {
  const rest = Object.entries(parameters).filter(([name]) => name !== dose)
  return rest.length === 0 ? '' : parametersLabel(Object.fromEntries(rest))
}

/** How far the target has moved as wanted; null where that is not known. */
function gainOf(run: ReportRun, wanted: Wanted): number | null {
  const comparison = comparisonOf(run, wanted.target)
  if (!comparison) return null
  const moved = comparison.after - comparison.before
  return Number.isFinite(moved) ? (wanted.direction === 'up' ? moved : -moved) : null
}

/** The largest harm to another task; a sure one before one that may be chance. */
function largestHarm(run: ReportRun, { columns, wanted }: MetricView): Comparison | null {
  const harms = columns.flatMap((score) => {
    const found = comparisonOf(run, score)
    if (!found?.paired || score.members !== null || wanted!.names.has(score.task)) return []
    return judged(score, found.paired.difference, wanted) === 'bad' ? [found] : []
  })
  const weight = (item: Comparison) => (isSure(item) ? 10 : 0) + Math.abs(item.paired!.difference)
  return harms.sort((a, b) => weight(b) - weight(a))[0] ?? null
}

function harmCells(view: MetricView, run: ReportRun, harm: Comparison | null): TableCell[] {
  if (harm === null) return [view.columns.length > 1 ? 'none' : '–', { html: '', value: null }, '']
  const [values, ...rest] = describe(run, harm)
  const html = `${escapeHtml(shownName(view, harm))} ${values.html}`
  return [{ html, value: harm.task, more: [harm.before, harm.after] }, ...rest]
}

type Told = Exclude<TableCell, string>

/** From what to what, by how much, how sure. */
function describe(run: ReportRun, comparison: Comparison): [Told, Told, Told] {
  const { before, after, paired } = comparison
  const unit = unitOf(run, scoreOf(run.run, comparison)!)
  const share = { ...unit, isProportion: unit.isProportion || paired?.method === 'mcnemar' }
  const points = share.isProportion ? ' points' : ''
  const interval = paired ? ` <span class="ci">(${intervalText(paired, share, true)})</span>` : ''
  return [
    { html: `${valueText(before, share)} →\u00a0<b>${valueText(after, share)}</b>`, value: after, more: [before] },
    {
      html: `<b>${changeText(after - before, share)}</b>${points}${interval}`,
      value: after - before,
      more: [paired?.low ?? null, paired?.high ?? null],
    },
    sureCell(comparison),
  ]
}

/** A group has a p value of its own, which is in no family. */
function sureCell(comparison: Comparison): Told {
  const { paired, holm } = comparison
  const told = (value: number) =>
    `p\u00a0${escapeHtml(pValueText(value))
      .replace(/^(?!&lt;)/, '= ')
      .replace(' ', '\u00a0')}`
  if (paired === null) return { html: 'not tested', value: null }
  if (holm === null) return { html: `${told(paired.pValue)}, not in the family`, value: null }
  return { html: `${isSure(comparison) ? 'yes' : 'no'}, ${told(holm)}`, value: holm }
}
