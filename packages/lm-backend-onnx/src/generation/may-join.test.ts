import { expect, it } from 'vitest'
import { mayJoin, rowLimits } from './may-join.js'
import type { WaitingRow } from './running-rows.js'
import type { SharedRange } from './shared-beginnings.js'

const row = (most: number, shared: SharedRange | null = null): WaitingRow => {
  return { prompt: 0, shared, start: shared?.to ?? 0, most }
}

it('counts what is shared once, and rows as long as the longest may become', () => {
  const preamble: SharedRange = { parent: null, from: 0, to: 100, prompt: 0 }
  const question: SharedRange = { parent: preamble, from: 100, to: 130, prompt: 0 }
  const limits = { rows: 4, tokens: 200 }
  expect(mayJoin(limits, [row(20, preamble), row(20, question)], row(23, question))).toBe(true)
  expect(mayJoin(limits, [row(20, preamble), row(20, question)], row(24, question))).toBe(false)
  expect(mayJoin(limits, [row(50), row(20)], row(66))).toBe(true)
  expect(mayJoin(limits, [row(50), row(20)], row(67))).toBe(false)
  expect(mayJoin(limits, Array(4).fill(row(1)), row(1))).toBe(false)
  // one text must go on, however long
  expect(mayJoin({ rows: 1, tokens: 1 }, [], row(1000, question))).toBe(true)
})

it('takes the rows of --batch_size, or what there is memory for', () => {
  const forward = (bytesPerToken: number, caches: number | null) =>
    ({ cache: { bytesPerToken }, room: caches === null ? null : { caches } }) as unknown as Parameters<
      typeof rowLimits
    >[1]
  expect(rowLimits(5, forward(100, null))).toEqual({ rows: 5, tokens: Number.POSITIVE_INFINITY })
  expect(rowLimits({ most: 64 }, forward(2 ** 20, null))).toEqual({ rows: 32, tokens: 1024 })
  expect(rowLimits({ most: 7 }, forward(2 ** 20, 2 ** 22))).toEqual({ rows: 7, tokens: 4 })
})
