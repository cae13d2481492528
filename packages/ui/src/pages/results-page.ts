import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { InputError } from '@saeval/hub'
import { escapeHtml } from '@saeval/report/internal/html/escape'
import { reportParts } from '@saeval/report/internal/html/report-parts'
import type { FolderView } from '../ui-folder.js'
import { progressSection } from './progress-section.js'
import { uiPage } from './ui-page.js'

/** How far the sweep or the plan is, and what has come of it; parts with an id change while the page is open. */
export async function resultsPage(view: FolderView): Promise<string> {
  const results = await view
    .kept('results', async (experiment) => {
      const { facts, parts } = await reportParts(experiment, {
        withoutSamples: true,
        words: view.words,
        kept: view.found,
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
    body: `<p id="lost" role="status" hidden></p>
${progressPart(view)}
<p id="news" role="status" hidden><button type="button">Show the new results</button></p>
<div id="results" data-hash="${createHash('sha256').update(results).digest('base64')}">${results}</div>`,
    scripts: ['chart-points', 'data-tables', 'downloads'],
    own: 'live-results',
    version: view.version,
  })
}

/** How far it is, alone; with the version of the files, which says whether results may be others. */
export function progressPart(view: FolderView): string {
  return `<div id="progress" data-files="${view.files}">${progressSection(view)}</div>`
}
