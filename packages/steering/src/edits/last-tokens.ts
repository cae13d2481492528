import type { SteerableModel } from '@saeval/language-model'

/** The tokens of a text that the model reads when it scores: the last ones where there are more than it takes. */
export function lastTokens({ info }: Pick<SteerableModel, 'info'>, ids: readonly number[]): readonly number[] {
  return ids.length > info.maxLength ? ids.slice(-info.maxLength) : ids
}
