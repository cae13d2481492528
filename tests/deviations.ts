import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Columns of the table in docs/models.md. */
const columns = ['logits', 'log-probabilities', 'steered logits', 'hook points', 'allowed'] as const
export type Measured = (typeof columns)[number]

const page = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'models.md')

/** The page up to the table, the table, and the rest. */
function pageParts(): readonly [before: string, table: string, after: string] {
  const parts = /^([\s\S]*<!-- deviations: .* -->\n)([\s\S]*)(<!-- end of deviations -->[\s\S]*)$/.exec(
    readFileSync(page, 'utf8'),
  )
  if (parts === null) throw new Error(`${page} has no place for the table of deviations`)
  return [parts[1]!, parts[2]!, parts[3]!]
}

/** The models of the table in docs/models.md, in its order. */
export function documentedModels(): string[] {
  // after the head and the line under it
  return [...pageParts()[1].matchAll(/^\| (\S+) /gm)].slice(2).map(([, model]) => model!)
}

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
    const [before, , after] = pageParts()
    writeFileSync(page, `${before}\n${this.#table()}\n${after}`)
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
