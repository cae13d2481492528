import { reportParts } from '@saeval/report/internal/html/report-parts'
import { allRuns, runOf, type UiFolder } from '../ui-folder.js'
import { options } from './samples-page.js'
import { uiPage } from './ui-page.js'

/** Two runs side by side: what differs between them, tested as against the unsteered model, and every answer of both. */
export async function comparePage(folder: UiFolder, query: URLSearchParams): Promise<string> {
  const experiment = await folder.experiment()
  const all = allRuns(experiment)
  const [a, b] = [runOf(experiment, query.get('a')), runOf(experiment, query.get('b'), 1)]
  const names = all.map(({ label }, index) => [String(index), label] as const)
  const form = `<form class="controls"><label>from<select name="a">${options(names, String(all.indexOf(a)), null)}</select></label>
<label>to<select name="b">${options(names, String(all.indexOf(b)), null)}</select></label><button>Compare</button></form>`
  if (a === b) return uiPage({ title: 'Side by side', place: 'compare', body: `${form}<p>Choose two runs.</p>` })
  const parts = await folder.kept(`comparison ${all.indexOf(a)} ${all.indexOf(b)}`, async () => {
    const compared = await reportParts(
      { baseline: a, runs: [{ ...b, parameters: {} }], command: null, missing: 0 },
      { words: folder.words, ...(folder.target === undefined ? {} : { target: folder.target }) },
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
