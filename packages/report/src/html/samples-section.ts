import type { SampleData } from '../browser/sample-data.js'
import { escapeHtml, scriptJson } from './escape.js'

/** The table of samples with its filters, filled by browser/sample-browser.ts; '' where no run has samples. Run number `shown` is chosen at first. */
export function samplesSection({ documents, omitted, runs }: SampleData, hasBaseline: boolean, shown: number): string {
  if (documents.length === 0) return ''
  const tasks = [...new Set(documents.map(({ task }) => task))]
  const option = (value: string, text: string, selected = false) =>
    `<option value="${escapeHtml(value)}"${selected ? ' selected' : ''}>${escapeHtml(text)}</option>`
  const runOptions = (selected: number) =>
    runs.map(({ label }, index) => option(String(index), label, index === selected)).join('')
  const compares = runs.length > 1
  return `<section id="samples"><h2>Samples<a class="anchor" href="#samples" aria-label="Link to Samples">#</a></h2>
${omitted === 0 ? '' : `<p>The first ${documents.length} of ${documents.length + omitted} documents are here; sample files hold all.</p>`}
<div class="controls">
${compares ? `<label>${hasBaseline ? 'compare' : 'from'}<select name="before">${runOptions(0)}</select></label>` : ''}
<label>${compares ? 'with' : 'run'}<select name="after">${runOptions(compares ? shown : 0)}</select></label>
<label>task<select name="task">${option('', 'all')}${tasks.map((task) => option(task, task)).join('')}</select></label>
<label>show<select name="which">${option('all', 'changed answers first')}${compares ? option('changed', 'changed answers only') + option('worse', 'became worse') + option('better', 'became better') : ''}</select></label>
<label>containing<input name="words" type="search"></label>
<span id="sample-count" class="soft" role="status"></span>
</div>
<div id="sample-list"></div>
<button id="more" type="button" hidden>show more</button>
<script type="application/json" id="sample-data">${scriptJson({ documents, omitted, runs })}</script>
</section>`
}
