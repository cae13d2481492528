/** Work of one kind in a whole command. */
export interface Part {
  /** Work of one kind goes at one speed. */
  readonly kind: string
  readonly done: number
  readonly total: number
  /**
   * Whether a unit takes about as long as one of other kinds (a token's way through the model), so that their speed is a guess until this one's
   * is known. Without it the kind takes no time until some of it is done.
   */
  readonly alike: boolean
}

interface Sample {
  readonly done: number
  readonly seconds: number
}

// of a kind that has made one step this share says something about the rest
const leastShare = 0.05
// samples of a kind that are kept
const most = 256

/**
 * How long a command goes on: what is left of each kind at the speed of the later half of what is done of it, which leaves a slow start
 * out and follows changes. Time passes for the kinds that have gone on since the update before.
 */
export class RemainingTime {
  readonly #now: () => number
  readonly #samples = new Map<string, Sample[]>()
  #parts: readonly Part[] = []
  #before: number | null = null

  /** `now` gives milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Takes down how much is done of everything there is to do. */
  update(parts: readonly Part[]): void {
    const now = this.#now()
    const seconds = this.#before === null ? 0 : (now - this.#before) / 1000
    const steps = parts.map(({ kind, done }) => {
      const samples = this.#samples.get(kind) ?? [{ done, seconds: 0 }]
      this.#samples.set(kind, samples)
      return done - samples.at(-1)!.done
    })
    const all = steps.reduce((sum, step) => sum + Math.max(0, step), 0)
    this.#parts = parts
    // time in which nothing was done belongs to what is done next
    if (this.#before !== null && all === 0) return
    this.#before = now
    for (const [index, { kind, done }] of parts.entries()) {
      if (steps[index]! <= 0) continue
      const samples = this.#samples.get(kind)!
      samples.push({ done, seconds: samples.at(-1)!.seconds + (seconds * steps[index]!) / all })
      if (samples.length > most)
        this.#samples.set(
          kind,
          samples.filter((_, at) => at % 2 === 0 || at === samples.length - 1),
        )
    }
  }

  /** Seconds that a unit of a kind takes; null where too little is done to say. */
  secondsPerUnit(kind: string): number | null {
    const measured = this.#measured(kind)
    return measured === null ? null : measured.seconds / measured.units
  }

  /** Seconds until everything is done; null as long as nothing is known of most of it. */
  get left(): number | null {
    const alike = this.#parts.flatMap((part) => {
      const rate = part.alike ? this.secondsPerUnit(part.kind) : null
      return rate === null ? [] : [{ kind: part.kind, done: part.done, seconds: part.done * rate }]
    })
    if (alike.length === 0) return this.#parts.every((part) => part.done >= part.total) ? 0 : null
    /** What the other kinds let expect. */
    const guess = (kind: string): number | null => {
      const others = alike.filter((other) => other.kind !== kind)
      const done = others.reduce((sum, other) => sum + other.done, 0)
      return done === 0 ? null : others.reduce((sum, other) => sum + other.seconds, 0) / done
    }
    return this.#parts.reduce((sum, { kind, done, total, alike }) => {
      const guessed = alike ? guess(kind) : null
      const { seconds, units } = this.#measured(kind) ?? { seconds: 0, units: 0 }
      // what was guessed counts until more than a little is measured
      const weight = guessed === null ? 0 : leastShare * total
      const rate = units + weight === 0 ? 0 : (seconds + (guessed ?? 0) * weight) / (units + weight)
      return sum + Math.max(0, total - done) * rate
    }, 0)
  }

  /** The later half of what is done of a kind; null where too little is done. */
  #measured(kind: string): { readonly seconds: number; readonly units: number } | null {
    const samples = this.#samples.get(kind) ?? []
    const last = samples.at(-1)
    const part = this.#parts.find((part) => part.kind === kind)
    if (part === undefined || last === undefined || samples.length < 2) return null
    const units = last.done - samples[0]!.done
    // the first time has a start in it: files are read, code is compiled
    if (samples.length === 2) {
      if (!part.alike) return { seconds: last.seconds / 2, units }
      return units < part.total * leastShare ? null : { seconds: last.seconds, units }
    }
    const from = Math.max(
      1,
      samples.findLastIndex(({ done }) => done <= last.done / 2),
    )
    const start = samples[Math.min(from, samples.length - 2)]!
    return { seconds: last.seconds - start.seconds, units: last.done - start.done }
  }

  /** Share of the work that is alike, 0 to 1. */
  get share(): number {
    const parts = this.#parts.filter(({ alike }) => alike)
    const total = parts.reduce((sum, part) => sum + Math.max(part.total, part.done), 0)
    return total === 0 ? 0 : parts.reduce((sum, part) => sum + part.done, 0) / total
  }
}
