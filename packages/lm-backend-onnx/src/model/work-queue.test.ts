import type { ModelRequest } from '@saeval/language-model'
import { expect, it } from 'vitest'
import { workQueue } from './work-queue.js'

const requests = (texts: readonly string[]): ModelRequest[] =>
  texts.map((text) => ({ type: 'loglikelihood_rolling', text }))

/** What each device took, where a part takes as long as it is large, and somewhat longer for each beginning. */
function taken(texts: readonly string[], devices: number, leastWork = 1, leastRequests = 1): number[][][] {
  const workOf = (part: readonly number[]) =>
    part.length + 5 * new Set(part.flatMap((index) => /^.{100,}(?= question)/.exec(texts[index]!)?.[0] ?? [])).size
  const queue = workQueue(requests(texts), [...texts.keys()], { devices, workOf, leastWork, leastRequests })
  const parts: number[][][] = Array.from({ length: devices }, () => [])
  const busyUntil = Array.from({ length: devices }, () => 0)
  for (;;) {
    const free = busyUntil.indexOf(Math.min(...busyUntil))
    const part = queue.take()
    if (part === null) return parts
    parts[free]!.push([...part])
    busyUntil[free]! += part.length
  }
}

it('gives each request to one device, and lets all end at about the same time', () => {
  const texts = Array.from({ length: 1000 }, (_, index) => `${index} is a number`)
  for (const devices of [2, 3, 8]) {
    const parts = taken(texts, devices)
    expect(parts.flat(2).sort((a, b) => a - b)).toEqual([...texts.keys()])
    const loads = parts.map((own) => own.flat().length)
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(3)
  }
})

it('keeps together what begins alike', () => {
  const examples = ['birds', 'cats', 'dogs', 'fish', 'horses', 'mice', 'owls', 'pigs'].map((what) => what.repeat(30))
  // requests of the same examples are far apart in the list
  const texts = Array.from({ length: 80 }, (_, index) => `${examples[index % 8]} question ${index}`)
  const parts = taken(texts, 2).flat()
  // the last may be taken apart: there is nothing else to do
  for (let example = 0; example < 7; example++)
    expect(parts.filter((part) => part.some((index) => index % 8 === example))).toHaveLength(1)
})

it('takes apart what is too much for one device', () => {
  const texts = Array.from({ length: 100 }, (_, index) => `${'the same examples '.repeat(20)} question ${index}`)
  const loads = taken(texts, 2).map((own) => own.flat().length)
  expect(loads[0]! + loads[1]!).toBe(100)
  expect(Math.abs(loads[0]! - loads[1]!)).toBeLessThanOrEqual(12)
})

it('makes no part that keeps a device less busy than it could be', () => {
  const texts = Array.from({ length: 50 }, (_, index) => `${index} is a number`)
  expect(taken(texts, 2, 1, 32).map((own) => own.flat().length)).toEqual([32, 18])
  expect(taken(texts, 2, 100)).toEqual([[expect.anything()], []])
})
