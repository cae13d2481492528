import { describe, expect, it } from 'vitest'
import { GenerationWork } from './generation-work.js'

const rows = 32

/** Writes texts that end after these numbers of tokens, 32 side by side; gives what was expected in all at each share of the work. */
function write(lengths: readonly number[], most: number) {
  const promptTokens = 10 * lengths.length
  const work = new GenerationWork([{ promptTokens, texts: lengths.length, most, rows }])
  const seen: { done: number; total: number }[] = []
  const waiting = [...lengths.keys()]
  const live = new Map<number, number>()
  while (waiting.length + live.size > 0) {
    const joining = waiting.splice(0, rows - live.size)
    if (joining.length > 0) work.prompts(10 * joining.length)
    const written =
      joining.length > 0
        ? joining.map((text) => [text, 1] as const)
        : [...live].map(([text, token]) => [text, token + 1] as const)
    work.step(written.map(([text, token]) => ({ text, token, ended: token === lengths[text] })))
    for (const [text, token] of written) {
      if (token === lengths[text]) live.delete(text)
      else live.set(text, token)
    }
    seen.push(work.work())
  }
  const all = seen.at(-1)!.done
  expect(seen.at(-1)!.total).toBe(all)
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
      Array.from({ length: rows * 12 }, () => lengthOf(uniform)),
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
