import { type NullEffect, nullEffects } from '../compare/null-effects.js'
import type { Experiment, ExperimentRun } from '../results/read-experiment.js'
import type { ControlKind } from '../results/sweep-file.js'
import { holm } from '../statistics/holm.js'
import { type DataTable, dataTable, type TableCell } from './data-table.js'
import { escapeHtml } from './escape.js'
import { metricName } from './experiment-shape.js'
import { changeText, plainText, pValueText } from './numbers.js'

/** Differences as they stand in sweep.csv. */
const plain = { isProportion: false, n: 0 }
const kinds = ['random latents', 'random directions'] as const

/** An effect of a run beside those of its controls. */
interface Line {
  readonly run: ExperimentRun
  readonly effect: NullEffect
  readonly isGroup: boolean
}

/** Effects beside those of controls, one line for each run, task and metric; '' without controls. */
export function controlsSection(experiment: Experiment): string {
  const effects = nullEffects(experiment)
  const lines = experiment.runs.flatMap((run, index) =>
    effects[index]!.map((effect): Line => {
      const isGroup = run.results.scores.some(({ task, members }) => task === effect.task && members !== null)
      return { run, effect, isGroup }
    }),
  )
  if (lines.length === 0) return ''
  const families = kinds.map((kind) => `${familyOf(lines, kind).length} of ${kind}`)
  return `<section id="controls"><h2>Beside controls<a class="anchor" href="#controls" aria-label="Link to Beside controls">#</a></h2>
<p>Controls make the same edit with random latents that match in density and decoder norm, with random directions of the same length, and with the other sign. Their
differences to the unsteered model are given as mean ± standard deviation; p is for the run being one more draw from them. Each kind of controls is one family of tests (${families.join(', ')}),
for which Holm’s method corrects p; groups are unions of tasks, whose p is in none.</p>
${dataTable(controlsTable(lines))}</section>`
}

function controlsTable(lines: readonly Line[]): DataTable {
  const corrected = new Map(kinds.map((kind) => [kind, correctedOf(lines, kind)]))
  return {
    id: 'beside-controls',
    caption: 'Differences beside those of controls',
    columns: [
      { name: 'setting', isText: true },
      { name: 'task', isText: true },
      { name: 'metric', isText: true },
      { name: 'difference' },
      ...kinds.flatMap((kind) => [
        { name: kind, more: ['sd', 'controls'], note: 'mean ± sd (controls)' },
        { name: `p, ${kind}` },
        { name: `p (Holm), ${kind}` },
      ]),
      { name: 'sign flipped' },
    ],
    rows: lines.map((line) => {
      const { run, effect, isGroup } = line
      return {
        cells: [
          run.label,
          { html: escapeHtml(`${effect.alias}${isGroup ? ' (group)' : ''}`), value: effect.task },
          metricName(effect),
          changeCell(effect.effect),
          ...kinds.flatMap((kind) => kindCells(line, kind, corrected.get(kind)!)),
          effect.flipped === null ? none : changeCell(effect.flipped),
        ],
        parameters: { task: effect.task, ...run.parameters },
      }
    }),
  }
}

const none: TableCell = { html: '–', value: null }

function changeCell(value: number): TableCell {
  return { html: changeText(value, plain), value }
}

function kindCells(line: Line, kind: ControlKind, corrected: ReadonlyMap<Line, number>): TableCell[] {
  const test = testOf(line, kind)
  if (test === null) return [none, none, none]
  const { mean, sd, pValue, n } = test
  const holmP = corrected.get(line)
  return [
    { html: `${changeText(mean, plain)} ± ${plainText(sd)} (${n})`, value: mean, more: [sd, n] },
    { html: escapeHtml(pValueText(pValue)), value: pValue },
    holmP === undefined
      ? { html: 'not in the family', value: null }
      : { html: `${escapeHtml(pValueText(holmP))}${holmP < 0.05 ? '<sup>*</sup>' : ''}`, value: holmP },
  ]
}

function testOf({ effect }: Line, kind: ControlKind) {
  return effect.against.find((one) => one.kind === kind)?.test ?? null
}

/** The tests of one kind of controls: of single tasks alone. */
function familyOf(lines: readonly Line[], kind: ControlKind): Line[] {
  return lines.filter((line) => !line.isGroup && testOf(line, kind) !== null)
}

function correctedOf(lines: readonly Line[], kind: ControlKind): ReadonlyMap<Line, number> {
  const family = familyOf(lines, kind)
  const adjusted = holm(family.map((line) => testOf(line, kind)!.pValue))
  return new Map(family.map((line, index) => [line, adjusted[index]!]))
}
