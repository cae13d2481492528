import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Columns of the table in docs/models.md. */
const columns = ['logits', 'log-probabilities', 'steered logits', 'hook points', 'allowed'] as const
export type Measured = (typeof columns)[number]

/** Largest deviation of each model from its golden; written into docs/models.md when SAEVAL_DEVIATIONS is set. */
export class Deviations {
  readonly #models = new Map<string, Map<Measured, number>>()

  /** Keeps the largest value. */
  add(model: string, what: Measured, value: number): void {
    const row = this.#models.get(model) ?? new Map<Measured, number>()
    this.#models.set(model, row.set(what, Math.max(row.get(what) ?? 0, value)))
  }

  /** Replaces the table. */
  write(): void {
    const path = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'models.md')
    const page = readFileSync(path, 'utf8')
    const between = /(<!-- deviations: .* -->\n)[\s\S]*(<!-- end of deviations -->)/
    if (!between.test(page)) throw new Error(`${path} has no place for the table of deviations`)
    writeFileSync(
      path,
      page.replace(between, (_, start: string, end: string) => `${start}\n${this.#table()}\n${end}`),
    )
  }

  #table(): string {
    const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
    const head = line(['model', ...columns]) + line(['---', ...columns.map(() => '---:')])
    const rows = [...this.#models].map(([model, row]) =>
      line([model, ...columns.map((column) => row.get(column)?.toExponential(1) ?? '')]),
    )
    return head + rows.join('')
  }
}
