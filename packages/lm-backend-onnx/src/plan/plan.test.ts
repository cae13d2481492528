import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import { describe, expect, it } from 'vitest'
import { type Budget, type Pass, plan } from './plan.js'
import { planRows } from './plan-rows.js'
import { type PlanRequest, prefixTree } from './prefix-tree.js'

/** Texts that branch everywhere: each goes on from a random cut of an earlier one. */
function randomRequests(seed: number, withKeys: boolean): PlanRequest[] {
  const uniform = seededUniform(seed)
  const below = (limit: number) => Math.floor(uniform() * limit)
  const requests: PlanRequest[] = []
  const count = 1 + below(24)
  for (let index = 0; index < count; index++) {
    const parent = requests.length > 0 && uniform() < 0.8 ? requests[below(requests.length)]! : null
    const start = parent === null ? [] : parent.ids.slice(0, below(parent.ids.length + 1))
    const fresh = Array.from({ length: below(uniform() < 0.1 ? 60 : 8) }, () => below(3))
    const ids = [...start, ...fresh]
    if (ids.length === 0) ids.push(below(3))
    const keys = withKeys ? ids.map((_, at) => (at >= ids.length - 2 ? below(2) : 0)) : undefined
    const reads = Array.from({ length: below(5) }, () => below(ids.length))
    requests.push({ ids, keys, reads })
  }
  return requests
}

const cell = (id: number, key: number, position: number) => `${id}/${key}/${position}`

/** What each token of a request is made of: all tokens up to it. */
function history({ ids, keys }: PlanRequest, position: number): string {
  return ids
    .slice(0, position + 1)
    .map((id, at) => cell(id, keys?.[at] ?? 0, at))
    .join(' ')
}

/** Runs passes as a model would, a token's state being the list of everything it attends to. */
function simulate(requests: readonly PlanRequest[], passes: Iterable<Pass>, check: (pass: Pass) => void) {
  const answers = requests.map(({ reads }) => new Array<string | undefined>(reads.length))
  const computed: string[] = []
  let path: string[] = []
  for (const pass of passes) {
    check(pass)
    expect(pass.past).toBeLessThanOrEqual(path.length)
    path = path.slice(0, pass.past)
    const states: string[] = []
    let real = 0
    for (let at = 0; at < pass.rows * pass.columns; at++) {
      const row = Math.floor(at / pass.columns)
      const parent = pass.parents[at]!
      const above = parent < 0 ? path.join(' ') : states[row * pass.columns + parent]!
      states.push([above, cell(pass.tokens[at]!, pass.keys[at]!, pass.positions[at]!)].filter(Boolean).join(' '))
    }
    const padding = new Set<number>()
    for (let at = 0; at < states.length; at++) {
      // a real token stands right after its ancestors
      const depth = states[at]!.split(' ').length - 1
      if (depth === pass.positions[at] && !isPadding(pass, at)) real++
      else padding.add(at)
    }
    expect(real).toBe(pass.size)
    computed.push(...states.filter((_, at) => !padding.has(at)))
    for (const { request, read, row } of pass.answers) {
      if (answers[request]![read] !== undefined) throw new Error('answered twice')
      answers[request]![read] = states[pass.gather[row]!]!
    }
    if (pass.keep > 0) {
      expect(pass.rows).toBe(1)
      expect([...pass.parents.subarray(0, pass.keep)]).toEqual(Array.from({ length: pass.keep }, (_, c) => c - 1))
      path = [
        ...path,
        ...Array.from({ length: pass.keep }, (_, c) => cell(pass.tokens[c]!, pass.keys[c]!, pass.positions[c]!)),
      ]
    }
  }
  return { answers, computed }
}

/** Padding fills the ends of rows: nothing there is read, and it looks like a first token at position 0 without a past. */
function isPadding(pass: Pass, at: number): boolean {
  const column = at % pass.columns
  if (pass.past > 0) return pass.positions[at]! < pass.past
  return column > 0 && pass.positions[at] === 0 && pass.parents[at] === -1 && pass.tokens[at] === 0 && isTail(pass, at)
}

function isTail(pass: Pass, at: number): boolean {
  const end = (Math.floor(at / pass.columns) + 1) * pass.columns
  for (let other = at; other < end; other++) {
    if (pass.positions[other] !== 0 || pass.tokens[other] !== 0 || pass.gather.includes(other)) return false
  }
  return true
}

describe('plan', () => {
  const seeds = Array.from({ length: 25 }, (_, seed) => seed)
  const budgets: Budget[] = [1, 2, 3, 7, 13, 40, 200].flatMap((tokens) =>
    [1, 5, 64].map((columns) => ({
      ...{ tokens, columns, cells: columns === 64 && tokens > 7 ? 90 : Number.POSITIVE_INFINITY },
      cellsPerToken: Number.POSITIVE_INFINITY,
    })),
  )
  const cellsOf = ({ past, rows, columns }: Pass) => rows * columns * (past + columns)

  it.each([
    [false, true],
    [true, false],
  ])('answers every read from exactly its own history (keys: %s, rows share the past: %s)', (withKeys, sharesPast) => {
    for (const seed of seeds) {
      const requests = randomRequests(seed, withKeys)
      const tree = prefixTree(requests)
      const distinct = new Set(
        requests.flatMap((request, index) =>
          Array.from({ length: tree.lengths[index]! }, (_, position) => history(request, position)),
        ),
      )
      expect(tree.root.size).toBe(distinct.size)
      for (const budget of budgets) {
        const columns = Math.min(budget.tokens, budget.columns)
        const { answers, computed } = simulate(
          requests,
          plan(requests, tree, () => budget, sharesPast),
          (pass) => {
            expect(pass.rows * pass.columns).toBeLessThanOrEqual(budget.tokens)
            expect(pass.columns).toBeLessThanOrEqual(columns)
            // one token can always look at all before it
            if (pass.rows * pass.columns > 1) expect(cellsOf(pass)).toBeLessThanOrEqual(budget.cells!)
          },
        )
        expect(answers).toEqual(requests.map((request) => request.reads.map((position) => history(request, position))))
        // each distinct prefix once
        expect(computed.length).toBe(distinct.size)
      }
    }
  })

  it('survives budgets that change from pass to pass', () => {
    for (const seed of seeds) {
      const requests = randomRequests(seed, false)
      const uniform = seededUniform(seed)
      const tree = prefixTree(requests)
      const passes = plan(requests, tree, () => ({
        tokens: 1 + Math.floor(uniform() * 30),
        columns: 1 + Math.floor(uniform() * 30),
        cellsPerToken: uniform() * 30,
      }))
      let fresh = 0
      const { answers } = simulate(requests, passes, (pass) => {
        fresh += pass.fresh
      })
      // whatever is computed again does not count as progress
      expect(fresh).toBe(tree.root.size)
      expect(answers).toEqual(requests.map((request) => request.reads.map((position) => history(request, position))))
    }
  })

  it('computes short beginnings again where that is cheaper', () => {
    const question = (first: number) => ({ ids: [7, ...Array(60).fill(first)], reads: [0, 60] })
    const requests = [{ ids: [7], reads: [0] }, question(1), question(2), question(3)]
    const tree = prefixTree(requests)
    const passes = (cellsPerToken: number) => [
      ...plan(requests, tree, () => ({ tokens: 512, columns: 512, cellsPerToken })),
    ]
    expect(passes(Number.POSITIVE_INFINITY).map(({ rows, columns }) => [rows, columns])).toEqual([[1, 181]])
    expect(passes(1000).map(({ rows, columns, size }) => [rows, columns, size])).toEqual([[3, 61, 183]])
  })

  it('puts texts after a long prefix side by side, or in rows where these share it', () => {
    const preamble = Array.from({ length: 650 }, (_, at) => at)
    const requests = Array.from({ length: 10 }, (_, doc) => ({
      ids: [...preamble, ...Array(80).fill(doc)],
      reads: [729],
    }))
    const budget = () => ({ tokens: 1024, columns: 512, cellsPerToken: 1000 })
    const shapes = (sharesPast: boolean) =>
      [...plan(requests, prefixTree(requests), budget, sharesPast)]
        .filter(({ past }) => past === 650)
        .map(({ rows, columns }) => [rows, columns])
    expect(shapes(false)).toEqual([
      [1, 240],
      [1, 240],
    ])
    expect(shapes(true)).toEqual([[6, 80]])
  })

  it('gives each request a row of its own where states cannot branch', () => {
    for (const seed of seeds) {
      const requests = randomRequests(seed, seed % 2 === 0)
      const tree = prefixTree(requests)
      const any = Number.POSITIVE_INFINITY
      for (const [tokens, cells, text] of [
        [1, any, any],
        [20, any, any],
        [300, any, any],
        [20, 50, any],
        [300, 1, any],
        [20, any, 5],
        [20, 50, 3],
      ] as const) {
        const { answers } = simulate(
          requests,
          planRows(requests, tree, () => ({ tokens, cells, text })),
          (pass) => {
            if (cells === any && text === any) expect(pass.past + pass.keep).toBe(0)
            expect(pass.columns).toBeLessThanOrEqual(text)
            if (pass.rows > 1) expect(pass.rows * pass.columns).toBeLessThanOrEqual(tokens)
            if (pass.rows * pass.columns > 1) expect(cellsOf(pass)).toBeLessThanOrEqual(cells)
            // one text a row, in order
            pass.parents.forEach((parent, at) => {
              const column = at % pass.columns
              if (parent !== column - 1 && parent !== -1) throw new Error(`column ${column} follows ${parent}`)
            })
          },
        )
        expect(answers).toEqual(requests.map((request) => request.reads.map((position) => history(request, position))))
      }
    }
  })

  it('plans a million tokens in a small part of the time that computing them takes', () => {
    const preamble = Array.from({ length: 650 }, (_, at) => at)
    const requests = Array.from({ length: 1400 }, (_, doc) => {
      const ids = [...preamble, ...Array.from({ length: 80 }, (_, at) => (doc * 31 + at * 7) % 5000)]
      return { ids, reads: [ids.length - 1] }
    })
    const started = performance.now()
    const tree = prefixTree(requests)
    expect(tree.requestTokens).toBe(1400 * 730)
    let passes = 0
    for (const pass of plan(requests, tree, () => ({ tokens: 1024, columns: 512, cellsPerToken: 1000 })))
      passes += Math.min(1, pass.size)
    expect(passes).toBeGreaterThan(100)
    // generous: a slow machine under load
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
