import { InputError, option, type Sentence, sentence } from '@saeval/hub'
import { smallestBudget } from '@saeval/report'
import type { DocumentMeter } from './document-meter.js'
import type { Guard, Objective, SearchBudget } from './search-settings.js'

/** Share of the full grid's tokens that a search may take where no budget is given. */
const defaultShare = 0.05

/** That a budget does not pay for what must be measured at least. */
export function tooSmall(budget: number, needed: number): InputError {
  return new InputError(
    sentence`${option('budget')}: ${Math.round(budget)} tokens are too few; this search needs more than ${Math.ceil(needed)}: take fewer documents (${option('limit')}), latents or guards, or more tokens`,
  )
}

/** A budget in tokens; minutes at the speed of so many tokens in so many seconds. */
export function budgetTokens(budget: SearchBudget | null, grid: number, tokens: number, seconds: number): number {
  if (budget === null) return Math.ceil(defaultShare * grid)
  if ('tokens' in budget) return budget.tokens
  return Math.ceil(budget.minutes * 60 * (tokens / Math.max(seconds, 0.001)))
}

/** Throws InputError where an objective or a guard has no document to confirm on: one task's only document is one to choose on. */
export function checkConfirming(
  objective: Objective,
  guards: readonly Guard[],
  documents: { readonly objective: number; readonly guards: readonly number[] },
): void {
  const advice = sentence`has no document to confirm on; half of each task's documents are for that, so a task needs 2 or more: take more documents (${option('limit')}), or tasks that have more`
  if (documents.objective === 0)
    throw new InputError(
      sentence`${option('objective')} ${objective.tasks.join('+')}:${objective.metric}:${objective.wanted} ${advice}`,
    )
  const empty = guards.find((_, index) => documents.guards[index] === 0)
  if (empty !== undefined) throw new InputError(sentence`${guardText(empty)} ${advice}`)
}

/** Throws InputError for a guard that could not even be kept by a model that changes nothing. */
export function checkGuards(guards: readonly Guard[], documents: readonly number[]): void {
  for (const [index, guard] of guards.entries()) {
    // metrics that are no accuracy may have less spread
    if (!guard.metric.startsWith('acc')) continue
    const least = 100 * smallestBudget(documents[index]!)
    if (Math.abs(guard.points) < least)
      throw new InputError(
        sentence`${guardText(guard)}: with ${documents[index]!} documents to confirm on, even no change at all leaves a loss of ${least.toFixed(1)} points possible; take more documents, several tasks in one guard (a+b or a group), or a budget of more points`,
      )
  }
}

function guardText({ tasks, metric, points }: Guard): Sentence {
  return sentence`${option('guard')} ${tasks.join('+')}:${metric}:${points}`
}

/** Tokens of a document of the objective and of each guard. */
export async function unsteeredCost(
  meter: DocumentMeter,
  objective: Parameters<DocumentMeter['measure']>[2],
  guards: readonly Parameters<DocumentMeter['measure']>[2][],
): Promise<{ readonly objective: number; readonly guards: readonly number[] }> {
  const costOf = async (places: typeof objective) => {
    const before = meter.tokens
    await meter.measure('unsteered', null, places)
    return Math.max(1, (meter.tokens - before) / places.length)
  }
  const own = await costOf(objective)
  const others: number[] = []
  for (const places of guards) others.push(await costOf(places))
  return { objective: own, guards: others }
}
