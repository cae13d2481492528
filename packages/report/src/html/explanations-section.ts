import type { ExplainedAnswer, ExplainedPart, Explanation } from '../results/explanation-file.js'
import { escapeHtml } from './escape.js'
import { changeText, plainText } from './numbers.js'

/** Margins are no shares. */
const nats = { isProportion: false, n: 0 }

/** Why answers flipped: for each CSV its changed answers, with the parts of the change of each margin; '' without any. */
export function explanationsSection(explanations: readonly Explanation[]): string {
  const own = explanations.map(explanationPart).join('\n')
  if (own === '') return ''
  return `<section id="explained"><h2>Why answers flipped<a class="anchor" href="#explained" aria-label="Link to Why answers flipped">#</a></h2>
<p>The margin is the log-probability of the unsteered model’s answer above the steered model’s, in nats. Its change is split by Shapley’s values, over the rows
of the CSV and over the positions at which they act; either split adds up to the change.</p>
${own}</section>`
}

function explanationPart({ csv, changed, asked, documents }: Explanation): string {
  const shown = documents.length < changed ? `; the ${documents.length} with the largest changes` : ''
  return `<h3>${escapeHtml(csv)}</h3>
<p class="soft">${changed} of ${asked} answers changed${shown}</p>
${documents.map(answerPart).join('\n')}`
}

function answerPart({ task, doc_id: id, before, after, rows, positions }: ExplainedAnswer): string {
  const change = after.margin - before.margin
  const margins = `${plainText(before.margin)} → ${plainText(after.margin)} (${changeText(change, nats)})`
  return `<details><summary>${escapeHtml(task)} ${id}: “${escapeHtml(shortText(before.text))}” → “${escapeHtml(shortText(after.text))}”, margin ${margins}</summary>
${partsTable('row', rows)}
${partsTable('positions', positions)}</details>`
}

function partsTable(name: string, parts: readonly ExplainedPart[]): string {
  const lines = parts.map(({ what, part, error }) => {
    const uncertain = error === null ? '' : ` <span class="ci">± ${plainText(error)}</span>`
    return `<tr><th scope="row">${escapeHtml(shortText(what))}</th><td>${changeText(part, nats)}${uncertain}</td></tr>`
  })
  return `<div class="scroll" role="region" tabindex="0" aria-label="Parts by ${name}"><table><thead><tr><th scope="col">${name}</th><th scope="col">part, nats</th></tr></thead><tbody>${lines.join('\n')}</tbody></table></div>`
}

/** The end of a long text, on one line: what stands next to the answer says most. */
function shortText(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ')
  return line.length <= 100 ? line : `…${line.slice(-100)}`
}
