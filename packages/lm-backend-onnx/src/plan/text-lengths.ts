/**
 * How long texts become that end when the model ends them: learnt from those that are being written, by Kaplan and Meier's estimate (J. Am. Stat.
 * Assoc. 53, 1958), since some are not at their end yet. Beyond the longest text so far the chance to end is that of the last quarter of its tokens.
 */
export class TextLengths {
  readonly #rows: number[] = []
  readonly #ended: number[] = []

  /** A text got its token number `token` (the first is 1), and ended with it or not. */
  add(token: number, ended: boolean): void {
    this.#rows[token] = (this.#rows[token] ?? 0) + 1
    this.#ended[token] = (this.#ended[token] ?? 0) + (ended ? 1 : 0)
  }

  /** What is to be expected of texts that have got so many tokens each and end after `most` at the latest, written side by side. */
  expected(texts: readonly number[], most: number): { readonly tokens: number; readonly steps: number } {
    const chances = this.#chances(most)
    // alike texts together
    const counts = new Map<number, number>()
    for (const from of texts) counts.set(from, (counts.get(from) ?? 0) + 1)
    const kinds = [...counts].map(([from, count]) => ({ from, count, alive: 1 }))
    let tokens = 0
    let steps = 0
    for (let step = 1; ; step++) {
      let none = 1
      let some = 0
      for (const kind of kinds) {
        const token = kind.from + step
        if (token > most || kind.alive === 0) continue
        some += kind.count * kind.alive
        none *= (1 - kind.alive) ** kind.count
        kind.alive *= 1 - chances[token]!
      }
      if (some === 0) return { tokens, steps }
      tokens += some
      steps += 1 - none
    }
  }

  /** Chance to end with each token. */
  #chances(most: number): Float64Array {
    const later = (counts: readonly number[]) =>
      counts.slice((3 * counts.length) >> 2).reduce((sum, count) => sum + count, 0)
    const other = later(this.#ended) / Math.max(1, later(this.#rows))
    return Float64Array.from({ length: most + 1 }, (_, token) => {
      const rows = this.#rows[token] ?? 0
      return rows === 0 ? other : this.#ended[token]! / rows
    })
  }
}
