import { describe, expect, it } from 'vitest'
import { GenerationWork } from './generation-work.js'

/** Writes batches of 32 texts that end after these numbers of tokens; gives what was expected in all at each share of the work. */
function write(lengths: readonly number[], most: number) {
  const batches = Array.from({ length: lengths.length / 32 }, (_, batch) => lengths.slice(batch * 32, batch * 32 + 32))
  const work = new GenerationWork(batches.map(() => ({ promptTokens: 320, texts: 32, most })))
  const seen: { done: number; total: number }[] = []
  for (const batch of batches) {
    for (let token = 1; token <= Math.max(...batch); token++) {
      const rows = batch.filter((length) => length >= token).length
      work.step(token, rows, batch.filter((length) => length === token).length)
      seen.push(work.work())
    }
    work.next()
  }
  const all = seen.at(-1)!.done
  return seen.map(({ done, total }) => ({ share: done / all, guessed: total / all }))
}

const draw = (seed: number) => () => {
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed / 2147483648
}

describe('the work of writing', () => {
  const profiles: Readonly<Record<string, (uniform: () => number) => number>> = {
    'texts that all reach their limit': () => 256,
    'texts of one length': () => 60,
    'texts of many lengths': (uniform) => 20 + Math.floor(uniform() * 100),
    'texts that end by chance': (uniform) => Math.min(256, 1 + Math.floor(-40 * Math.log(1 - uniform()))),
  }
  it.each(Object.entries(profiles))('is known after the first tenth: %s', (_, lengthOf) => {
    const uniform = draw(7)
    const guesses = write(
      Array.from({ length: 32 * 12 }, () => lengthOf(uniform)),
      256,
    )
    for (const { share, guessed } of guesses) {
      if (share < 0.1) continue
      expect(guessed).toBeGreaterThan(1 / 1.5)
      expect(guessed).toBeLessThan(1.5)
    }
    // before that it is the most it can be, not less than it is
    expect(guesses[0]!.guessed).toBeGreaterThan(0.9)
  })

  it('is none without texts', () => {
    expect(new GenerationWork([]).work()).toEqual({ done: 0, total: 0 })
  })
})
