import type { Counted, LanguageModel } from '@saeval/language-model'

export const nothingCounted: Counted = { requested: 0, computed: 0, acted: [] }

/** What a model has counted so far. */
export function countedBy(model: LanguageModel): Counted {
  const { tokens, actedTokens = [] } = model.report?.() ?? {}
  return { ...nothingCounted, ...tokens, acted: actedTokens }
}

export function sumOfCounted(a: Counted, b: Counted): Counted {
  return combined(a, b, (x, y) => x + y)
}

export function differenceOf(a: Counted, b: Counted): Counted {
  return combined(a, b, (x, y) => x - y)
}

/**
 * What each of so many answers that were computed together has of what was counted for them, in whole numbers: as good as the same, and together
 * all of it. What requests share is none's own.
 */
export function sharesOf(total: Counted, answers: number): Counted[] {
  return Array.from({ length: answers }, (_, at) => {
    const share = (count: number) => Math.floor((count * (at + 1)) / answers) - Math.floor((count * at) / answers)
    return {
      requested: share(total.requested),
      computed: share(total.computed),
      acted: total.acted.map((count) => count && share(count)),
    }
  })
}

function combined(a: Counted, b: Counted, combine: (x: number, y: number) => number): Counted {
  const rows = Math.max(a.acted.length, b.acted.length)
  return {
    requested: combine(a.requested, b.requested),
    computed: combine(a.computed, b.computed),
    acted: Array.from({ length: rows }, (_, row) => {
      const [x, y] = [a.acted[row], b.acted[row]]
      return x === null || y === null ? null : combine(x ?? 0, y ?? 0)
    }),
  }
}
