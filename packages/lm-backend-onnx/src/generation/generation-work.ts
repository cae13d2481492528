import type { Work } from '@saeval/language-model'
import { TextLengths } from '../plan/text-lengths.js'

/** A batch of texts that are written side by side. */
export interface GenerationBatch {
  /** Tokens of the prompts that are computed. */
  readonly promptTokens: number
  readonly texts: number
  /** New tokens of a text at most. */
  readonly most: number
}

/**
 * A step reads all weights for one token of each text: with few texts that costs as much as so many tokens of a pass. The ratio of a
 * processor's arithmetic to its memory, about the same on those that are used; what is measured later replaces it.
 */
const stepCost = 24

/** The work of writing texts batch after batch: its total is guessed from how long texts have become. */
export class GenerationWork {
  readonly #batches: readonly GenerationBatch[]
  readonly #lengths = new TextLengths()
  #done = 0
  #batch = 0
  #live = 0
  #token = 0

  constructor(batches: readonly GenerationBatch[]) {
    this.#batches = batches
    this.#live = batches[0]?.texts ?? 0
  }

  /** A token of each text of the batch at hand; see GenerateOptions.onStep. */
  step(token: number, rows: number, ended: number): void {
    this.#done += token === 1 ? this.#batches[this.#batch]!.promptTokens : stepCost + rows
    this.#lengths.add(token, rows, ended)
    this.#token = token
    this.#live = rows - ended
  }

  /** The batch at hand is written. */
  next(): void {
    this.#batch++
    this.#token = 0
    this.#live = this.#batches[this.#batch]?.texts ?? 0
  }

  work(): Work {
    const left = this.#batches.slice(this.#batch).map(({ promptTokens, texts, most }, index) => {
      if (index > 0) return promptTokens + this.#lengths.cost(texts, 1, most, stepCost)
      const prompts = this.#token === 0 ? promptTokens : 0
      return prompts + this.#lengths.cost(this.#live, Math.max(1, this.#token), most, stepCost)
    })
    return { done: this.#done, total: this.#done + left.reduce((sum, cost) => sum + cost, 0) }
  }
}
