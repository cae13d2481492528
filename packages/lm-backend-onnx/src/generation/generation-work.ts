import type { Work } from '@saeval/language-model'
import { TextLengths } from '../plan/text-lengths.js'

/** Texts that are written by one choice of tokens. */
export interface GenerationGroup {
  /** Tokens of the prompts that are computed. */
  readonly promptTokens: number
  readonly texts: number
  /** New tokens of a text at most. */
  readonly most: number
  /** Texts that are written side by side at most. */
  readonly rows: number
}

/** A text that got a token. */
export interface WrittenToken {
  readonly text: number
  /** Its number; the first is 1. */
  readonly token: number
  /** Whether the text ended with it. */
  readonly ended: boolean
}

/**
 * A step reads all weights for one token of each text: with few texts that costs as much as so many tokens of a pass. The ratio of a
 * processor's arithmetic to its memory, about the same on those that are used; what is measured later replaces it.
 */
const stepCost = 24

/** The work of writing texts group after group: its total is guessed from how long texts have become. */
export class GenerationWork {
  readonly #groups: readonly GenerationGroup[]
  readonly #lengths = new TextLengths()
  readonly #live = new Map<number, number>()
  #done = 0
  #group = 0
  #promptsDone = 0
  #started = 0

  constructor(groups: readonly GenerationGroup[]) {
    this.#groups = groups
  }

  /** So many tokens of prompts are computed. */
  prompts(tokens: number): void {
    this.#done += tokens
    this.#promptsDone += tokens
  }

  /** Texts got a token each: all their first one, or none. */
  step(written: readonly WrittenToken[]): void {
    const isFirst = written.some(({ token }) => token === 1)
    if (isFirst) this.#started += written.length
    else this.#done += stepCost + written.length
    for (const { text, token, ended } of written) {
      this.#lengths.add(token, ended)
      if (ended) this.#live.delete(text)
      else this.#live.set(text, token)
    }
  }

  /** The group at hand is written. */
  next(): void {
    this.#group++
    this.again()
  }

  /** The group at hand is written anew. */
  again(): void {
    this.#promptsDone = 0
    this.#started = 0
    this.#live.clear()
  }

  work(): Work {
    const left = this.#groups.slice(this.#group).map((group, index) => {
      if (index > 0) return group.promptTokens + this.#writing(group, group.texts, [])
      const prompts = group.promptTokens - this.#promptsDone
      return prompts + this.#writing(group, group.texts - this.#started, [...this.#live.values()])
    })
    return { done: this.#done, total: this.#done + left.reduce((sum, cost) => sum + cost, 0) }
  }

  /** Expected cost of the texts that wait and of those that have so many tokens. */
  #writing({ most, rows }: GenerationGroup, waiting: number, live: readonly number[]): number {
    const begun = this.#lengths.expected(live, most)
    if (waiting === 0) return begun.tokens + stepCost * begun.steps
    // all rows are full until none waits; then the last ones end one by one
    const one = this.#lengths.expected([1], most)
    const full = Math.min(rows, waiting + live.length)
    const last = this.#lengths.expected(Array(full).fill(1), most)
    const tokens = begun.tokens + waiting * one.tokens
    return tokens + stepCost * (tokens / full + last.steps - one.steps)
  }
}
