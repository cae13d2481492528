import { withoutLogin } from '@saeval/hub/internal/without-login'
import type { Experiment, ExperimentRun } from '../results/read-experiment.js'
import { escapeHtml } from './escape.js'

/** Where the numbers come from: the command, the models, the edits and SAEs of every run, versions. */
export function provenanceSection({ baseline, runs, command }: Experiment): string {
  const all = [...(baseline ? [baseline] : []), ...runs]
  return `${command === null ? '' : `<p>Made by</p>\n<pre class="command"><code>${escapeHtml(withoutLogin(command))}</code></pre>`}
${all.map(runDetails).join('\n')}`
}

function runDetails({ label, results }: ExperimentRun): string {
  const { path: _, scores: __, samples: ___, provenance, config, date, model } = results
  const facts = {
    date: Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString(),
    model,
    ...config,
    ...(provenance ?? {}),
  }
  return `<details><summary>${escapeHtml(label)}</summary>\n${valueHtml(facts)}</details>`
}

/** Levels of lists that are shown as lists. */
const deepest = 20

/** Any JSON value as nested lists. */
function valueHtml(value: unknown, depth = 0): string {
  if (depth > deepest) return '<span>…</span>'
  if (Array.isArray(value)) {
    return value.length === 0
      ? '<span>none</span>'
      : `<ol>${value.map((item) => `<li>${valueHtml(item, depth + 1)}</li>`).join('')}</ol>`
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== null && item !== '')
    return `<dl>${entries.map(([name, item]) => `<dt>${escapeHtml(name)}</dt><dd>${valueHtml(item, depth + 1)}</dd>`).join('')}</dl>`
  }
  return `<span>${escapeHtml(withoutLogin(String(value)))}</span>`
}
