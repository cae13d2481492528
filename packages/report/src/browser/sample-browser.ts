// The samples of a report's page: those that two runs answer differently first, chosen by task, words and what became of them.
import type { SampleCard } from './sample-card.js'
import type { SampleAnswer, SampleData, SampleDocument } from './sample-data.js'

/** A document with a run's answer, and where two runs are compared the second one's. */
interface Card {
  readonly doc: SampleDocument
  readonly one: SampleAnswer
  readonly two: SampleAnswer | null
}

// no module of the page can import another one: they stand in it
const { best, margin } = customElements.get('sample-card') as typeof SampleCard
const source = document.getElementById('sample-data')
if (source) showSamples(JSON.parse(source.textContent!) as SampleData)

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
    list.replaceChildren(...wanted.slice(0, shown).map((card) => cardOf(card, names)))
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

function cardOf({ doc, one, two }: Card, names: readonly string[]): HTMLElement {
  const card = document.createElement('sample-card') as SampleCard
  card.content = { doc, names, answers: two ? [one, two] : [one] }
  return card
}
