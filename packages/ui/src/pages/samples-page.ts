import { escapeHtml } from '@saeval/report/internal/html/escape'
import { addressedRuns, named, namedTask, sampledTasks } from '../addressed-runs.js'
import type { FolderView } from '../ui-folder.js'
import { uiPage } from './ui-page.js'

/** The samples of all runs, searched in their files; browser/search-samples.ts asks and shows. */
export async function samplesPage(view: FolderView, query: URLSearchParams): Promise<string> {
  const all = await addressedRuns(view)
  const chosen = query.get('run') ?? ''
  if (chosen !== '') named('the run', all, chosen)
  const tasks = [...sampledTasks(all.values())]
  const task = namedTask(all.values(), query)
  const body =
    tasks.length === 0
      ? `<p>These results hold no samples.</p>`
      : `<form id="search" class="controls" role="search">
<label>containing<input type="search" name="q" value="${escapeHtml(query.get('q') ?? '')}"></label>
<label>run<select name="run">${options(
          [...all].map(([name, { label }]) => [name, label]),
          chosen,
          'all',
        )}</select></label>
<label>task<select name="task">${options(
          tasks.map((name) => [name, name]),
          task ?? '',
          'all',
        )}</select></label>
<button>Search</button>
</form>
<p id="found" class="soft" role="status"></p><div id="sample-list"></div><button id="more" type="button" hidden>show more</button>`
  return uiPage({ title: 'Samples', place: 'samples', body, scripts: ['sample-card'], own: 'search-samples' })
}

/** Options of a list; `any` is the first one, with no value. */
export function options(
  list: readonly (readonly [value: string, text: string])[],
  chosen: string,
  any: string | null,
): string {
  const all = any === null ? list : ([['', any], ...list] as const)
  return all
    .map(
      ([value, text]) =>
        `<option value="${escapeHtml(value)}"${value === chosen ? ' selected' : ''}>${escapeHtml(text)}</option>`,
    )
    .join('')
}
