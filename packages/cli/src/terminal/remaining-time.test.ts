import { describe, expect, it } from 'vitest'
import { type Part, RemainingTime } from './remaining-time.js'

/** One piece of work: so many units of a kind, in so many seconds. */
type Step = readonly [kind: string, units: number, seconds: number]

/** Goes through a command; gives the estimate and the truth after each step. */
function watch(steps: readonly Step[], alike: (kind: string) => boolean = () => true) {
  let now = 0
  const time = new RemainingTime(() => now)
  const kinds = [...new Set(steps.map(([kind]) => kind))]
  const total = (kind: string, list: readonly Step[]) =>
    list.reduce((sum, [name, units]) => (name === kind ? sum + units : sum), 0)
  const parts = (count: number): Part[] =>
    kinds.map((kind) => ({
      kind,
      done: total(kind, steps.slice(0, count)),
      total: total(kind, steps),
      alike: alike(kind),
    }))
  const whole = steps.reduce((sum, [, , seconds]) => sum + seconds, 0)
  time.update(parts(0))
  return steps.map(([, , seconds], index) => {
    now += seconds * 1000
    time.update(parts(index + 1))
    const left = whole - now / 1000
    return { passed: 1 - left / whole, left, estimate: time.left }
  })
}

/** Every estimate after a tenth of the time, until the last steps, is right within a factor. */
function expectRight(seen: ReturnType<typeof watch>, factor = 1.5) {
  const judged = seen.filter(({ passed }) => passed >= 0.1 && passed <= 0.98)
  expect(judged.length).toBeGreaterThan(3)
  for (const { left, estimate, passed } of judged) {
    expect(estimate, `after ${passed}`).not.toBeNull()
    expect(estimate!, `after ${passed}`).toBeLessThan(left * factor)
    expect(estimate!, `after ${passed}`).toBeGreaterThan(left / factor)
  }
}

const repeated = (count: number, step: (index: number) => Step): Step[] =>
  Array.from({ length: count }, (_, index) => step(index))

describe('the time that is left', () => {
  it('is right where work is even, and where its speed wavers', () => {
    expectRight(watch(repeated(100, () => ['score', 512, 0.4])))
    expectRight(watch(repeated(100, (i) => ['score', 512, i % 2 === 0 ? 0.2 : 0.5])))
  })

  it('leaves a slow start out', () => {
    // opening the session and reading the weights from disk, within the first pass
    expectRight(watch(repeated(200, (i) => ['score', 512, i === 0 ? 5 : 0.4])))
    // a processor that becomes fast slowly
    expectRight(watch(repeated(200, (i) => ['score', 512, i < 6 ? 1.2 : 0.4])))
  })

  it('goes by the work and not by the number of passes, which grow with batch_size auto', () => {
    const sizes = [512, 512, 1024, 1024, 2048, 2048]
    expectRight(
      watch(
        repeated(80, (i) => {
          const units = sizes[i] ?? 2048
          return ['score', units, 0.1 + units / 5000]
        }),
      ),
    )
  })

  it('knows scoring and writing apart', () => {
    const seen = watch([
      ...repeated(60, (): Step => ['score', 512, 0.5]),
      // half as fast as was guessed before
      ...repeated(60, (): Step => ['write', 56, 0.08]),
    ])
    expectRight(seen)
    expectRight(
      watch([...repeated(20, (): Step => ['score', 512, 0.5]), ...repeated(400, (): Step => ['write', 56, 0.056])]),
    )
  })

  it('knows the first run of a sweep from those that share its layers, and the time between runs', () => {
    const run = (kind: string, seconds: number): Step[] => [
      ['opened', 1, 0.3],
      ...repeated(20, (): Step => [kind, kind === 'first' ? 512 : 128, seconds]),
      ['closed', 1, 0.2],
    ]
    const steps = [
      ...repeated(15, (): Step => ['tried', 1, 0.05]),
      ...run('first', 0.2),
      ...Array.from({ length: 14 }, () => run('later', 0.06)).flat(),
    ]
    const alike = (kind: string) => kind === 'first' || kind === 'later'
    expectRight(watch(steps, alike))
  })

  it('does not take kept answers, which come at once, for work', () => {
    // those are no part of the work; what is not known is not shown: one pass of many says nothing
    const seen = watch(repeated(50, () => ['score', 512, 0.4]))
    expect(seen[0]!.estimate).toBeNull()
    expect(seen[1]!.estimate).not.toBeNull()
    let now = 0
    const time = new RemainingTime(() => now)
    time.update([{ kind: 'score', done: 0, total: 100, alike: true }])
    expect(time.left).toBeNull()
    now = 9000
    time.update([{ kind: 'score', done: 0, total: 100, alike: true }])
    expect(time.left).toBeNull()
    time.update([{ kind: 'score', done: 10, total: 100, alike: true }])
    expect(time.left).toBeCloseTo(81)
  })

  it('is nothing in the end, also of what is more than was thought', () => {
    expect(watch(repeated(10, () => ['score', 1, 1])).at(-1)!.estimate).toBe(0)
    let now = 0
    const time = new RemainingTime(() => now)
    for (const done of [0, 5, 12]) {
      time.update([{ kind: 'score', done, total: 10, alike: true }])
      now += 1000
    }
    expect(time.left).toBe(0)
  })
})
