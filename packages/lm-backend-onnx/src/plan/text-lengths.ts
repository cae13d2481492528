/**
 * How long texts become that end when the model ends them: learnt from those that are being written, by Kaplan and Meier's estimate (J. Am. Stat.
 * Assoc. 53, 1958), since some are not at their end yet. Beyond the longest text so far the chance to end is that of all tokens so far.
 */
export class TextLengths {
  readonly #rows: number[] = []
  readonly #ended: number[] = []
  #known = new Map<string, number>()

  /** At token number `token` (the first is 1), `rows` texts got one, and `ended` of them ended with it. */
  add(token: number, rows: number, ended: number): void {
    this.#rows[token] = (this.#rows[token] ?? 0) + rows
    this.#ended[token] = (this.#ended[token] ?? 0) + ended
    this.#known = new Map()
  }

  /** Expected cost of writing tokens `from` + 1 to `most` of so many texts side by side, where a step over n texts costs base + n. */
  cost(texts: number, from: number, most: number, base: number): number {
    const key = [texts, from, most, base].join()
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const total = (list: readonly number[]) => list.reduce((sum, count) => sum + count, 0)
    const chance = total(this.#ended) / Math.max(1, total(this.#rows))
    let alive = 1
    let cost = 0
    for (let token = from + 1; token <= most; token++) {
      cost += (1 - (1 - alive) ** texts) * base + alive * texts
      const rows = this.#rows[token] ?? 0
      alive *= 1 - (rows === 0 ? chance : this.#ended[token]! / rows)
      if (alive <= 0) break
    }
    this.#known.set(key, cost)
    return cost
  }
}
