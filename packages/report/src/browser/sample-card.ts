// <sample-card>: a document with the answer of one run, or of two beside each other. Its property `content` says which.
import type { SampleAnswer, SampleDocument } from './sample-data.js'

/** A document with a run's answer, and where two runs are compared the second one's. */
export interface CardContent {
  readonly doc: SampleDocument
  /** Names of the runs, one or two. */
  readonly names: readonly string[]
  readonly answers: readonly SampleAnswer[]
}

export class SampleCard extends HTMLElement {
  static readonly best = best
  static readonly margin = margin

  set content({ doc, names, answers }: CardContent) {
    const header = element('header')
    const scores = answers.map(([score]) => (score === null ? '–' : String(score)))
    const facts = [`${doc.task} #${doc.id}`, `target: ${doc.target}`, `score ${scores.join(' → ')}`]
    header.append(...facts.map((text) => element('span', text)))
    const isChoice = doc.choices.length > 0 && answers.every(([, answer]) => typeof answer !== 'string')
    const shown = isChoice ? choiceTable(doc, answers, names) : texts(answers, names)
    this.replaceChildren(header, element('div', doc.question, 'question'), shown)
  }
}
customElements.define('sample-card', SampleCard)

/** What a run answered: the index of a choice, or a text. */
function best([, answer]: SampleAnswer): number | string {
  return typeof answer === 'string' ? answer : answer.indexOf(Math.max(...answer))
}

function margin([, answer]: SampleAnswer): number | null {
  if (typeof answer === 'string' || answer.length < 2) return null
  const [first, second] = [...answer].sort((a, b) => b - a)
  return first! - second!
}

function choiceTable(doc: SampleDocument, answers: readonly SampleAnswer[], names: readonly string[]): HTMLElement {
  const table = element('table')
  const head = document.createElement('thead')
  const body = document.createElement('tbody')
  head.append(row('', column('log-probability'), ...names.map(column)))
  table.append(head, body)
  doc.choices.forEach((choice, index) => {
    const isGold = String(index) === doc.target || choice.trim() === doc.target
    const cells = answers.map((answer) =>
      element('td', number(answer[1][index] as number), best(answer) === index ? 'picked' : ''),
    )
    body.append(row(isGold ? 'gold' : '', element('td', choice), ...cells))
  })
  const margins = answers.map((answer) => element('td', number(margin(answer))))
  body.append(row('', element('td', 'margin of the best', 'soft'), ...margins))
  return table
}

function column(name: string): HTMLElement {
  const head = element('th', name)
  head.setAttribute('scope', 'col')
  return head
}

function row(kind: string, ...cells: readonly HTMLElement[]): HTMLElement {
  const line = element('tr', undefined, kind)
  line.append(...cells)
  return line
}

function texts(answers: readonly SampleAnswer[], names: readonly string[]): HTMLElement {
  const columns = element('div', undefined, 'answers')
  answers.forEach(([, answer], index) => {
    const column = element('div')
    const text = typeof answer === 'string' ? answer : answer.map(number).join(', ')
    column.append(element('div', names[index], 'soft'), element('pre', text))
    columns.append(column)
  })
  return columns
}

function element(name: string, text?: string, kind?: string): HTMLElement {
  const made = document.createElement(name)
  if (text !== undefined) made.textContent = text
  if (kind) made.className = kind
  return made
}

function number(value: number | null): string {
  return value === null ? '–' : value.toFixed(3).replace('-', '−')
}
