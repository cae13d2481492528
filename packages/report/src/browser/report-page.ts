// What moves on a report's page: names of points at the pointer and at the keyboard's focus, and the table of samples with its filters.
import type { SampleAnswer, SampleData, SampleDocument } from './sample-data.js'

/** A document with a run's answer, and where two runs are compared the second one's. */
interface Card {
  readonly doc: SampleDocument
  readonly one: SampleAnswer
  readonly two: SampleAnswer | null
}

const tip = document.getElementById('tip')!
for (const mark of document.querySelectorAll<SVGElement>('figure [aria-roledescription="point"]')) {
  mark.setAttribute('tabindex', '0')
  mark.addEventListener('pointermove', (event) => showTip(mark, event.pageX, event.pageY))
  mark.addEventListener('pointerleave', hideTip)
  mark.addEventListener('focus', () => {
    const box = mark.getBoundingClientRect()
    showTip(mark, box.right + scrollX, box.top + scrollY)
  })
  mark.addEventListener('blur', hideTip)
}
const source = document.getElementById('sample-data')
if (source) showSamples(JSON.parse(source.textContent!) as SampleData)

function showTip(mark: Element, x: number, y: number): void {
  tip.textContent = mark.getAttribute('aria-label')
  tip.hidden = false
  tip.style.left = `${Math.max(4, Math.min(x + 12, scrollX + innerWidth - tip.offsetWidth - 8))}px`
  tip.style.top = `${y + 14}px`
}

function hideTip(): void {
  tip.hidden = true
}

function showSamples({ documents, runs }: SampleData): void {
  // a page of a single run has nothing to compare it with
  const before = control<HTMLSelectElement>('before')
  const after = control<HTMLSelectElement>('after')!
  const task = control<HTMLSelectElement>('task')!
  const which = control<HTMLSelectElement>('which')!
  const words = control<HTMLInputElement>('words')!
  const list = document.getElementById('sample-list')!
  const more = document.getElementById('more')!
  const count = document.getElementById('sample-count')!
  const runOf = (select: HTMLSelectElement) => runs[Number(select.value)]!
  let shown = 20

  const isWanted = ({ doc, one, two }: Card): boolean => {
    const needle = words.value.toLowerCase()
    if (task.value && doc.task !== task.value) return false
    if (needle && !`${doc.question} ${doc.choices.join(' ')}`.toLowerCase().includes(needle)) return false
    if (!two || which.value === 'all') return true
    if (which.value === 'changed') return best(one) !== best(two)
    return which.value === 'worse' ? two[0]! < one[0]! : two[0]! > one[0]!
  }
  const update = (): void => {
    const names = [...(before ? [runOf(before).label] : []), runOf(after).label]
    const found = documents.flatMap((doc, index): Card[] => {
      const one = runOf(before ?? after).answers[index]
      const two = before ? runOf(after).answers[index] : null
      return one && (two || !before) ? [{ doc, one, two: two ?? null }] : []
    })
    const wanted = found.filter(isWanted).sort((a, b) => weight(b) - weight(a))
    list.replaceChildren(...wanted.slice(0, shown).map((card) => article(card, names)))
    count.textContent = `${wanted.length} of ${documents.length} documents`
    more.hidden = wanted.length <= shown
  }
  for (const changed of [before, after, task, which, words]) {
    changed?.addEventListener('input', () => {
      shown = 20
      update()
    })
  }
  more.addEventListener('click', () => {
    shown += 20
    update()
  })
  update()
}

function control<T extends Element>(name: string): T | null {
  return document.querySelector<T>(`#samples [name=${name}]`)
}

/** Changed answers first, the surest of them at the top. */
function weight({ one, two }: Card): number {
  return two && best(one) !== best(two) ? 1e9 + (margin(two) ?? 0) : 0
}

/** What a run answered: the index of a choice, or a text. */
function best([, answer]: SampleAnswer): number | string {
  return typeof answer === 'string' ? answer : answer.indexOf(Math.max(...answer))
}

function margin([, answer]: SampleAnswer): number | null {
  if (typeof answer === 'string' || answer.length < 2) return null
  const [first, second] = [...answer].sort((a, b) => b - a)
  return first! - second!
}

function article({ doc, one, two }: Card, names: readonly string[]): HTMLElement {
  const box = element('article', undefined, 'sample')
  const head = element('header')
  const score = two ? `score ${one[0]} → ${two[0]}` : `score ${one[0]}`
  head.append(...[`${doc.task} #${doc.id}`, `target: ${doc.target}`, score].map((text) => element('span', text)))
  const answers = two ? [one, two] : [one]
  box.append(
    head,
    element('div', doc.question, 'question'),
    doc.choices.length > 0 && answers.every(([, answer]) => typeof answer !== 'string')
      ? choiceTable(doc, answers, names)
      : texts(answers, names),
  )
  return box
}

function choiceTable(doc: SampleDocument, answers: readonly SampleAnswer[], names: readonly string[]): HTMLElement {
  const table = element('table')
  table.append(row('', element('th', 'log-probability'), ...names.map((name) => element('th', name))))
  doc.choices.forEach((choice, index) => {
    const isGold = String(index) === doc.target || choice.trim() === doc.target
    const cells = answers.map((answer) =>
      element('td', number(answer[1][index] as number), best(answer) === index ? 'picked' : ''),
    )
    table.append(row(isGold ? 'gold' : '', element('td', choice), ...cells))
  })
  const margins = answers.map((answer) => element('td', number(margin(answer))))
  table.append(row('', element('td', 'margin of the best', 'soft'), ...margins))
  return table
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
