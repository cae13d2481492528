/** A round of halving: how many arms are measured on how many documents. */
export interface Rung {
  readonly arms: number
  readonly objective: number
  /** Documents of each guard, measured for the better half of the arms. */
  readonly guards: number
}

export interface RungOptions {
  readonly arms: number
  /** Arms that are left for confirmation. */
  readonly finalists: number
  /** Choosing documents. */
  readonly documents: { readonly objective: number; readonly guards: number }
  /** Tokens of a document of the objective, and of one of each guard together. */
  readonly cost: { readonly objective: number; readonly guards: number }
  /** Tokens that all rounds may take. */
  readonly budget: number
}

/** Share of the arms that survives a round. */
const kept = 1 / 4
/** Documents of the objective in the first round; each round doubles them, and the last one takes all. */
const firstDocuments = 8
/** Documents of a guard for each of the objective's. */
const guardShare = 4

/**
 * The rounds of successive halving (Karnin et al. 2013; here a quarter survives and documents double), for as many arms as the budget pays: the
 * least promising ones stay out. [] where it does not pay for more arms than finalists.
 */
export function planRungs(options: RungOptions): Rung[] {
  const { finalists, budget, arms } = options
  // more arms may cost less: they begin with fewer documents
  for (let most = arms; most > Math.min(finalists, arms - 1); most--)
    if (roundsCost(most, options) <= budget) return rungsFor(most, options)
  return []
}

/** Tokens of all rounds at most, each document counted once for an arm. */
export function rungCost(rungs: readonly Rung[], cost: RungOptions['cost']): number {
  let total = 0
  let before: Rung = { arms: 0, objective: 0, guards: 0 }
  for (const rung of rungs) {
    total += rung.arms * (rung.objective - before.objective) * cost.objective
    // the better half may be another one than before: nothing is known of its guards
    total += Math.ceil(rung.arms / 2) * rung.guards * cost.guards
    before = rung
  }
  return total
}

/** Tokens of the rounds for so many arms. */
export function roundsCost(arms: number, options: Omit<RungOptions, 'arms' | 'budget'>): number {
  return arms === 0 ? 0 : rungCost(rungsFor(arms, options), options.cost)
}

/** Tokens of the rounds of any number of arms up to this one, at most. */
export function mostRoundsCost(arms: number, options: Omit<RungOptions, 'arms' | 'budget'>): number {
  let most = 0
  for (let some = 1; some <= arms; some++) most = Math.max(most, roundsCost(some, options))
  return most
}

function rungsFor(arms: number, { finalists, documents }: Pick<RungOptions, 'finalists' | 'documents'>): Rung[] {
  const rungs: Rung[] = []
  let objective = firstDocuments
  for (let left = arms; ; left = Math.max(finalists, Math.ceil(left * kept)), objective *= 2) {
    const isLast = Math.ceil(left * kept) <= finalists
    const own = isLast ? documents.objective : Math.min(objective, documents.objective)
    rungs.push({ arms: left, objective: own, guards: Math.min(guardShare * own, documents.guards) })
    if (isLast) return rungs
  }
}
