import { type NullEffect, nullEffects } from '../compare/null-effects.js'
import type { Experiment } from '../results/read-experiment.js'
import { escapeHtml } from './escape.js'
import { changeText, plainText, pValueText } from './numbers.js'

/** Differences as they stand in sweep.csv. */
const plain = { isProportion: false, n: 0 }

/** Effects beside those of controls, one line for each run, task and metric; '' without controls. */
export function controlsSection(experiment: Experiment): string {
  const effects = nullEffects(experiment)
  const lines = experiment.runs.flatMap(({ label }, run) => effects[run]!.map((effect) => lineOf(label, effect)))
  if (lines.length === 0) return ''
  const heads = ['run', 'task', 'metric', 'difference', 'random latents', 'p', 'random directions', 'p', 'sign flipped']
  return `<section id="controls"><h2>Beside controls<a class="anchor" href="#controls" aria-label="Link to Beside controls">#</a></h2>
<p>Controls make the same edit with random latents that match in density and decoder norm, with random directions of the same length, and with the other sign. Their
differences to the unsteered model are given as mean ± standard deviation; p is for the run being one more draw from them.</p>
<div class="scroll"><table><thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead>
<tbody>${lines.join('\n')}</tbody></table></div></section>`
}

function lineOf(label: string, { alias, metric, effect, against, flipped }: NullEffect): string {
  const cells = (['random latents', 'random directions'] as const).flatMap((kind) => {
    const found = against.find((one) => one.kind === kind)
    if (found === undefined) return ['–', '–']
    const { mean, sd, pValue, n } = found.test
    return [`${changeText(mean, plain)} ± ${plainText(sd)} (${n})`, pValueText(pValue)]
  })
  const values = [
    alias,
    metric,
    changeText(effect, plain),
    ...cells,
    flipped === null ? '–' : changeText(flipped, plain),
  ]
  return `<tr><th scope="row">${escapeHtml(label)}</th>${values.map((value) => `<td>${escapeHtml(value)}</td>`).join('')}</tr>`
}
