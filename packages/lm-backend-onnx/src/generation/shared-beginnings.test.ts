import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { describe, expect, it } from 'vitest'
import { promptTokens, sharedBeginnings, upwards } from './shared-beginnings.js'

const run = (length: number, seed: number) => Array.from({ length }, (_, at) => (at * 7 + seed * 1000) % 9973)
const text = (...ids: number[][]) => ({ ids: ids.flat(), masks: null as Uint32Array | null })
/** from-to of each prompt's ranges, by prompt. */
const rangesOf = (texts: Parameters<typeof sharedBeginnings>[0]) => {
  const found: string[] = []
  for (const { prompt, shared } of sharedBeginnings(texts, true))
    found[prompt] = [...upwards(shared)]
      .reverse()
      .map(({ from, to }) => `${from}-${to}`)
      .join(' ')
  return found
}

describe('what prompts share', () => {
  it('is found at every depth, and stands together', () => {
    const preamble = run(100, 1)
    const [first, second] = [run(60, 2), run(60, 3)]
    const texts = [
      text(preamble, first, [1]),
      text(preamble, second, [2]),
      text(preamble, first, [3]),
      text([5]),
      text(preamble, second, [4]),
      text(preamble, run(30, 4)),
    ]
    expect(rangesOf(texts)).toEqual(['0-100 100-160', '0-100 100-160', '0-100 100-160', '', '0-100 100-160', '0-100'])
    const arranged = sharedBeginnings(texts, true)
    expect(new Set(arranged.map(({ shared }) => shared)).size).toBe(4)
    expect(promptTokens(texts, arranged)).toBe(100 + 60 + 60 + 4 + 1 + 30)
  })

  it('leaves each prompt a token, equal prompts too', () => {
    const whole = text(run(200, 1))
    expect(rangesOf([whole, whole, text(run(80, 1))])).toEqual(['0-79 79-199', '0-79 79-199', '0-79'])
    expect(rangesOf([text([1]), text([1])])).toEqual(['', ''])
    expect(sharedBeginnings([], true)).toEqual([])
  })

  it('is not what is too short, or what masks tell apart', () => {
    const many = Array.from({ length: 9 }, (_, at) => text(run(15, 1), run(30, 2 + at)))
    expect(rangesOf(many)).toEqual(many.map(() => ''))
    // one pass for 40 tokens saved
    expect(rangesOf([text(run(40, 1), [1]), text(run(40, 1), [2])])).toEqual(['', ''])
    const masked = (bits: number) => ({ ids: run(90, 1), masks: new Uint32Array(90).fill(1, bits) })
    expect(rangesOf([masked(60), masked(70), masked(70)])).toEqual(['0-60', '0-60', '0-60'])
  })

  it('gives each prompt its own beginning', () => {
    for (let seed = 0; seed < 6; seed++) {
      const uniform = seededUniform(seed)
      const below = (limit: number) => Math.floor(uniform() * limit)
      const texts = [text(run(50, seed))]
      while (texts.length < 40) {
        const parent = texts[below(texts.length)]!.ids
        texts.push(text(parent.slice(0, below(parent.length + 1)), run(1 + below(60), below(5))))
      }
      const arranged = sharedBeginnings(texts, true)
      expect(arranged.map(({ prompt }) => prompt).sort((a, b) => a - b)).toEqual([...texts.keys()])
      for (const { prompt, shared } of arranged) {
        const { ids } = texts[prompt]!
        for (const range of upwards(shared)) {
          expect(range.to).toBeLessThan(ids.length)
          expect(range.from).toBe(range.parent?.to ?? 0)
          expect(ids.slice(0, range.to)).toEqual(texts[range.prompt]!.ids.slice(0, range.to))
        }
      }
    }
  })
})
