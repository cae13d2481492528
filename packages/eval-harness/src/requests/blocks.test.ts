import { describe, expect, it } from 'vitest'
import { blocksOf, type PlacedRequest } from './blocks.js'

/** Documents of a task, each with these continuations after a context of so many characters that begins with `shots`. */
function documents(task: number, count: number, length: number, { shots = '', choices = ['a', 'b'] } = {}) {
  return Array.from({ length: count }, (_, at) =>
    choices.map((continuation): PlacedRequest => {
      const own = `${task} ${at} `.padEnd(length, 'x')
      const request = { type: 'loglikelihood', context: shots + own, continuation } as const
      return { request, task, document: task * 10_000 + at }
    }),
  ).flat()
}

const sizes = (requests: readonly PlacedRequest[]) => blocksOf(requests).map(({ length }) => length)

describe('blocks of requests', () => {
  it('hold everything once, in order', () => {
    const requests = [...documents(0, 500, 900), ...documents(1, 70, 300)]
    expect(blocksOf(requests).flat()).toEqual([...requests.keys()])
    expect(blocksOf([])).toEqual([])
  })

  it('end at documents when they are full, and at tasks a little earlier', () => {
    // about 1,000 characters a document
    const [first, ...others] = sizes(documents(0, 400, 1000))
    expect(first! % 2).toBe(0)
    expect(first! / 2).toBeGreaterThan(125)
    expect(first! / 2).toBeLessThan(135)
    expect(others.length).toBe(3)
    expect(sizes([...documents(0, 40, 1000), ...documents(1, 40, 1000)])).toEqual([80, 80])
    expect(sizes([...documents(0, 5, 1000), ...documents(1, 5, 1000)])).toEqual([20])
  })

  it('are longer where they begin with long few-shot examples, whose characters count once', () => {
    const shots = 'q'.repeat(10_000)
    const [first] = sizes(documents(0, 800, 1000, { shots }))
    expect(first! / 2).toBeGreaterThan(310)
    expect(first! / 2).toBeLessThan(330)
  })

  it('are the same whatever comes after them', () => {
    const requests = documents(0, 400, 1000)
    const whole = blocksOf(requests)
    expect(blocksOf(requests.slice(0, whole[0]!.length + whole[1]!.length))).toEqual(whole.slice(0, 2))
  })

  it('hold so many texts to be generated', () => {
    const texts = Array.from({ length: 2400 }, (_, document): PlacedRequest => {
      return { request: { type: 'generate_until', context: `${document}`, kwargs: new Map() }, task: 0, document }
    })
    expect(sizes(texts)).toEqual([1024, 1024, 352])
  })
})
