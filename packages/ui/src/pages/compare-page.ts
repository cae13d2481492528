import { reportParts } from '@saeval/report/internal/html/report-parts'
import { addressedRuns, named } from '../addressed-runs.js'
import type { FolderView } from '../ui-folder.js'
import { options } from './samples-page.js'
import { uiPage } from './ui-page.js'

/** Two runs side by side: what differs between them, tested as against the unsteered model, and every answer of both. */
export async function comparePage(view: FolderView, query: URLSearchParams): Promise<string> {
  const all = await addressedRuns(view)
  const [first = '', second = first] = all.keys()
  const [a, b] = [query.get('a') || first, query.get('b') || second]
  const [from, to] = [named('the run', all, a), named('the run', all, b)]
  const names = [...all].map(([name, { label }]) => [name, label] as const)
  const form = `<form class="controls"><label>from<select name="a">${options(names, a, null)}</select></label>
<label>to<select name="b">${options(names, b, null)}</select></label><button>Compare</button></form>`
  if (a === b) return uiPage({ title: 'Side by side', place: 'compare', body: `${form}<p>Choose two runs.</p>` })
  const parts = await view.kept(`comparison ${JSON.stringify([a, b])}`, async () => {
    const compared = await reportParts(
      { baseline: from, runs: [{ ...to, parameters: {} }], command: null, missing: 0 },
      { words: view.words, kept: view.found, ...(view.target === undefined ? {} : { target: view.target }) },
    )
    return compared.parts.map(({ html }) => html).join('\n')
  })
  return uiPage({
    title: 'Side by side',
    place: 'compare',
    body: `${form}${parts}`,
    scripts: ['chart-points', 'data-tables', 'downloads', 'sample-card', 'sample-browser'],
  })
}
