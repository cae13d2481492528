import type { Playground } from '../playground.js'
import type { Parts } from '../protocol.js'
import { byId, make } from './elements.js'

type Score = Extract<Parts['score'], { task: number }>

/** The table of tasks. Numbers that belong to another setting are pale until theirs come. */
export class TasksTable {
  readonly #rows: readonly HTMLTableRowElement[]
  readonly #plain = new Map<number, Score>()
  readonly #steered = new Map<number, Score>()

  constructor(tasks: Playground['tasks']) {
    this.#rows = tasks.map(({ title, questions, documents = questions.length }) => {
      const asked =
        documents === questions.length
          ? `${documents} question${documents === 1 ? '' : 's'}`
          : `the first ${questions.length} of ${documents} questions`
      const heading = make('th', { scope: 'row' }, title, make('small', {}, asked))
      return make('tr', {}, heading, ...[0, 1, 2].map(() => make('td', {}, '…')))
    })
    byId('tasks')
      .querySelector('tbody')!
      .replaceChildren(...this.#rows)
  }

  get hasPlain(): boolean {
    return this.#plain.size === this.#rows.length
  }

  /** What is shown is of the setting before. */
  wait(): void {
    for (const row of this.#rows) row.cells[2]!.classList.add('waiting')
    for (const row of this.#rows) row.cells[3]!.classList.add('waiting')
  }

  showPlain(score: Score): void {
    this.#plain.set(score.task, score)
    this.#show(score.task)
  }

  showSteered(score: Score): void {
    this.#steered.set(score.task, score)
    const { cells } = this.#rows[score.task]!
    cells[2]!.classList.remove('waiting')
    cells[3]!.classList.remove('waiting')
    this.#show(score.task)
  }

  /** Without edits the model is as it is. */
  showUnsteered(): void {
    for (const score of this.#plain.values()) this.showSteered(score)
  }

  #show(task: number): void {
    const { cells } = this.#rows[task]!
    const [plain, steered] = [this.#plain.get(task), this.#steered.get(task)]
    cells[1]!.textContent = plain === undefined ? '…' : percent(plain)
    cells[2]!.textContent = steered === undefined ? '…' : percent(steered)
    if (plain === undefined || steered === undefined) return
    const change = (100 * (steered.correct - plain.correct)) / plain.total
    cells[3]!.textContent = change === 0 ? '0' : `${change > 0 ? '+' : '−'}${Math.abs(change).toFixed(1)}`
    cells[3]!.classList.toggle('worse', change < 0)
    cells[3]!.classList.toggle('better', change > 0)
  }
}

function percent({ correct, total }: Score): string {
  return `${((100 * correct) / total).toFixed(1)} %`
}
