import { basename, resolve } from 'node:path'
import { InputError } from '@saeval/hub'
import type { ClaimState } from '@saeval/hub/internal/claims/claims'
import { dataTable } from '@saeval/report/internal/html/data-table'
import { escapeHtml } from '@saeval/report/internal/html/escape'
import { reportParts } from '@saeval/report/internal/html/report-parts'
import { parametersLabel } from '@saeval/report/internal/results/read-experiment'
import { checkedJson } from '@saeval/report/internal/results/results-json'
import { sweepSchema } from '@saeval/report/internal/results/sweep-file'
import { cellClaims, type FolderView, sweepText } from '../ui-folder.js'
import { uiPage } from './ui-page.js'

/** How far the sweep is, and what has come of it; parts with an id change while the page is open. */
export async function resultsPage(view: FolderView): Promise<string> {
  const results = await view
    .kept('results', async (experiment) => {
      const { facts, parts } = await reportParts(experiment, {
        withoutSamples: true,
        words: view.words,
        ...(view.target === undefined ? {} : { target: view.target }),
      })
      return `${facts}${parts.map(({ html }) => html).join('\n')}`
    })
    .catch((error: unknown) => {
      if (InputError.isInstance(error)) return `<p>${escapeHtml(view.words(error.sentence))}</p>`
      throw error
    })
  return uiPage({
    title: basename(resolve(view.path)),
    place: '',
    body: `<div id="progress" aria-live="polite">${progressSection(view)}</div>
<p id="news" role="status" hidden><button type="button">Show the new results</button></p>
<div id="results">${results}</div>`,
    scripts: ['chart-points', 'data-tables', 'downloads'],
    own: 'live-results',
    version: view.version,
  })
}

/** Cells of a sweep and what each has done; '' for a folder of results. */
function progressSection({ path }: FolderView): string {
  const text = sweepText(path)
  if (text === null) return ''
  const { tasks, baseline, cells } = checkedJson(`${path}/sweep.json is not a sweep file`, text, sweepSchema)
  const claims = cellClaims(path)
  const rows = [{ ...baseline, id: 'baseline' }, ...cells].map(({ id, parameters, results }) => {
    const done = tasks.filter((task) => results[task] !== undefined)
    const state = done.length === tasks.length ? 'done' : stateOf(claims.get(id))
    const label = id === 'baseline' ? 'unsteered' : parametersLabel(parameters)
    return { label, done, state }
  })
  const ended = rows.filter(({ state }) => state === 'done').length
  const running = rows.filter(({ state }) => state === 'running').map(({ label }) => label)
  const now = running.length > 0 ? `; now ${running.slice(0, 5).join('; ')}` : ''
  const table = dataTable({
    id: 'cells',
    caption: 'Cells of the sweep',
    columns: [{ name: 'cell', isText: true }, { name: 'state', isText: true }, { name: 'tasks done' }],
    rows: rows.map(({ label, done, state }) => ({
      cells: [label, state, { html: `${done.length} of ${tasks.length}`, value: done.length }],
      parameters: { state },
    })),
  })
  return `<p><label>${ended} of ${rows.length} cells done${escapeHtml(now)} <progress max="${rows.length}" value="${ended}"></progress></label></p>
<details><summary>Cells</summary>${table}</details>`
}

/** How a cell is that is not done; in the words of planStatus. */
function stateOf(claim: ClaimState | undefined): 'running' | 'lost' | 'waiting' {
  if (claim === undefined) return 'waiting'
  return claim.isDead ? 'lost' : 'running'
}
