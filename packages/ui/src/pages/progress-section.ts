import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type ItemState, type ItemStatus, type Plan, planStatus, readPlan } from '@saeval/experiments'
import { planFileName } from '@saeval/experiments/internal/plan/plan-file'
import { InputError, type Said } from '@saeval/hub'
import type { ClaimState } from '@saeval/hub/internal/claims/claims'
import { type DataTable, dataTable } from '@saeval/report/internal/html/data-table'
import { escapeHtml } from '@saeval/report/internal/html/escape'
import { parametersLabel } from '@saeval/report/internal/results/read-experiment'
import { checkedJson } from '@saeval/report/internal/results/results-json'
import { sweepSchema } from '@saeval/report/internal/results/sweep-file'
import { cellClaims, type FolderView, sweepText } from '../ui-folder.js'

/** How far a sweep or a plan is: what is done, who does what; '' for a folder of results. */
export function progressSection(view: FolderView): string {
  const text = sweepText(view.path)
  if (text !== null) return sweepProgress(view, text)
  if (!existsSync(join(view.path, planFileName))) return ''
  try {
    const plan = readPlan(view.path)
    return planProgress(plan, planStatus(view.path, plan), view.words)
  } catch (error) {
    // one that is damaged, or being removed
    if (InputError.isInstance(error)) return `<p>${escapeHtml(view.words(error.sentence))}</p>`
    throw error
  }
}

function sweepProgress({ path }: FolderView, text: string): string {
  const { tasks, baseline, cells, controls } = checkedJson(`${path}/sweep.json is not a sweep file`, text, sweepSchema)
  const claims = cellClaims(path)
  const kinds = [
    ...[{ ...baseline, id: 'baseline' }, ...cells].map((cell) => ({ cell, kind: 'cell' })),
    ...controls.map((cell) => ({ cell, kind: cell.kind })),
  ]
  const rows = kinds.map(({ cell: { id, parameters, results }, kind }) => {
    const done = tasks.filter((task) => results[task] !== undefined)
    const state = done.length === tasks.length ? 'done' : cellState(claims.get(id))
    const label = id === 'baseline' ? 'unsteered' : parametersLabel(parameters)
    return { label, kind, done, state }
  })
  const running = rows.filter(({ state }) => state === 'running').map(({ label }) => label)
  // as `sweep` claims it
  const drawing = claims.get('controls')?.isDead === false ? ['controls are drawn'] : []
  const doing = [...drawing, ...running.slice(0, 5)]
  const now = doing.length > 0 ? `; now ${doing.join('; ')}` : ''
  const ended = (own: typeof rows) => own.filter(({ state }) => state === 'done').length
  const counted = (own: typeof rows) => `${ended(own)} of ${own.length}`
  const isCell = ({ kind }: (typeof rows)[number]) => kind === 'cell'
  const ofControls = controls.length > 0 ? ` and ${counted(rows.filter((row) => !isCell(row)))} controls` : ''
  const line = `${counted(rows.filter(isCell))} cells${ofControls} done${now}`
  return progress(line, [ended(rows), rows.length], 'Cells', {
    id: 'cells',
    caption: 'Cells of the sweep',
    columns: [{ name: 'cell', isText: true }, { name: 'state', isText: true }, { name: 'tasks done' }],
    rows: rows.map(({ label, kind, done, state }) => ({
      cells: [label, state, { html: `${done.length} of ${tasks.length}`, value: done.length }],
      parameters: { state, kind },
    })),
  })
}

/** How a cell is that is not done; in the words of planStatus. */
function cellState(claim: ClaimState | undefined): ItemState {
  if (claim === undefined) return 'waiting'
  return claim.isDead ? 'lost' : 'running'
}

/** Items of a plan. The bar is of work, because items are not equal. */
function planProgress({ items, settings }: Plan, all: readonly ItemStatus[], words: (said: Said) => string): string {
  const workOf = (of: readonly ItemStatus[]) => of.reduce((sum, { item }) => sum + items[item]!.work, 0)
  const done = all.filter(({ state }) => state === 'done')
  const others = (['running', 'failed', 'lost'] as const).flatMap((name) => {
    const count = all.filter(({ state }) => state === name).length
    return count === 0 ? [] : [`${count} ${name}`]
  })
  const [part, whole] = [workOf(done), workOf(all)]
  const share = whole === 0 ? '' : `, ${Math.floor((100 * part) / whole)} % of the work`
  const line = `${[`${done.length} of ${all.length} items done${share}`, ...others].join('; ')}`
  return progress(line, whole === 0 ? [done.length, all.length] : [part, whole], 'Items', {
    id: 'items',
    caption: 'Items of the plan',
    columns: [
      { name: 'item', isText: true },
      { name: 'state', isText: true },
      { name: 'share of the work' },
      { name: 'settings', isText: true },
      { name: 'worker', isText: true },
      { name: 'what happened', isText: true },
    ],
    rows: all.map(({ item, state, claim, failure }) => {
      const { work, settings: own } = items[item]!
      const percent = whole === 0 ? 0 : (100 * work) / whole
      return {
        cells: [
          `item ${item}`,
          state,
          { html: `${percent.toFixed(1)} %`, value: percent },
          settings
            .slice(...own)
            .map(({ id }) => id)
            .join(', '),
          state === 'failed' ? failure!.host : (claim?.owner?.host ?? '–'),
          failure === null ? '–' : words(failure.error),
        ],
        parameters: { state },
      }
    }),
  })
}

function progress(line: string, [done, all]: readonly [number, number], title: string, table: DataTable): string {
  return `<p role="status"><label>${escapeHtml(line)} <progress max="${all}" value="${done}"></progress></label></p>
<details><summary>${title}</summary>${dataTable(table)}</details>`
}
