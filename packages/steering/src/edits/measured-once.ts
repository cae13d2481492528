import type { MeasuredNumbers, SteerableModel } from '@saeval/language-model'

// a sweep opens its SAEs anew for every cell
const ofModel = new WeakMap<SteerableModel, MeasuredNumbers>()

/**
 * Numbers that are measured on an unsteered model, once for all edits of it. `key` says what they are of; `given` are those that are known already, among which
 * new ones are put. Without it they are kept with the model.
 */
export async function measuredOnce(
  model: SteerableModel,
  key: readonly unknown[],
  given: MeasuredNumbers | undefined,
  measure: () => Promise<readonly number[]>,
): Promise<readonly number[]> {
  const known = given ?? ofModel.get(model) ?? new Map<string, readonly number[]>()
  if (given === undefined) ofModel.set(model, known)
  const name = JSON.stringify(key)
  const numbers = known.get(name) ?? (await measure())
  known.set(name, numbers)
  return numbers
}
