import type { KindProgress } from '@saeval/eval-harness'
import type { MissingCell, SweepEvent } from '@saeval/experiments'
import type { Part } from './remaining-time.js'

/** Names of the kinds of work in the first cell that runs, and in those after it, which share what it has computed. */
const cellRounds = ['', ', again'] as const

/** The work of a whole sweep, from what it has told so far. */
export class SweepWork {
  #cells: readonly MissingCell[] = []
  #laterShare = 1
  #tried: { readonly done: number; readonly total: number } | null = null
  #finished: (readonly KindProgress[])[] = []
  #current: readonly KindProgress[] | null = null

  /** Takes in what the sweep tells. */
  add(event: SweepEvent): void {
    if (event.stage === 'tried') this.#tried = event
    if (event.stage === 'start') {
      this.#cells = event.cells
      this.#laterShare = event.laterShare
    }
    if (event.stage === 'cell') this.#current = event.kinds
    if (event.stage === 'finished') {
      this.#finished.push(this.#current ?? [])
      this.#current = null
    }
  }

  /** Cells that have run, of all that are to. */
  get cells(): { readonly done: number; readonly total: number } {
    return { done: this.#finished.length, total: this.#cells.length }
  }

  /** The round of the cell at hand; see cellRounds. */
  get round(): string {
    return this.#roundOf(this.#finished.length)
  }

  /** Everything there is to do. */
  get parts(): readonly Part[] {
    const total = this.#cells.length
    const runs = this.#current === null ? this.#finished : [...this.#finished, this.#current]
    const parts = new Map<string, { done: number; total: number }>()
    const add = (kind: string, done: number, total: number) => {
      const before = parts.get(kind) ?? { done: 0, total: 0 }
      parts.set(kind, { done: before.done + done, total: before.total + total })
    }
    for (const [index, kinds] of runs.entries())
      for (const { kind, work } of kinds) add(`${kind}${this.#roundOf(index)}`, work.done, work.total)
    // cells that have not begun: as the last one, by how many tasks they have
    const last = runs.at(-1) ?? []
    const of = this.#cells[runs.length - 1]?.tasks.length ?? 1
    const share = runs.length === 1 ? this.#laterShare : 1
    for (const { tasks } of this.#cells.slice(runs.length))
      for (const { kind, work, planned } of last) {
        const whole = runs.length === 1 ? (planned?.work ?? work.total) : work.total
        const shared = kind === 'generate_until' ? 1 : share
        add(`${kind}${this.#roundOf(runs.length)}`, 0, (whole * shared * tasks.length) / of)
      }
    const overhead = { alike: false }
    return [
      ...(this.#tried === null ? [] : [{ kind: 'tried', ...this.#tried, ...overhead }]),
      { kind: 'begun', done: runs.length, total, ...overhead },
      ...[...parts].map(([kind, part]) => ({ kind, ...part, alike: true })),
      { kind: 'finished', done: this.#finished.length, total, ...overhead },
    ]
  }

  #roundOf(index: number): string {
    return cellRounds[index === 0 || this.#laterShare === 1 ? 0 : 1]
  }
}
