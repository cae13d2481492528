import { InputError } from '@saeval/hub'
import { cut } from '@saeval/hub/checks'

/**
 * A set of token positions; parsePositions reads those that a text can say. The prompt is everything before the first token that the model has to predict: the context of a
 * loglikelihood request, the prompt of a generation. A range is a slice of the prompt's tokens with Python's meaning: half-open, counted
 * from 0, negative from the prompt's end.
 */
export type PositionTerm =
  | 'all'
  | 'prompt'
  | 'generated'
  | 'last_prompt'
  | 'bos'
  | 'special'
  | { readonly from: number; readonly to: number | null }
  /** Tokens of these ids in the prompt, or among those after it. */
  | { readonly tokens: readonly number[]; readonly of: 'prompt' | 'generated' }
  /** The generated tokens from..to, counted from 0. */
  | { readonly steps: readonly [from: number, to: number | null] }
  /** The token of the prompt at this position from 0, its last one where it is shorter. */
  | { readonly promptAt: number }
  /** The token at this position of the whole text, from 0. */
  | { readonly at: number }
  /** What another selection holds. */
  | { readonly heldBy: PositionSelection }

/** Selected is what any term of `include` holds and no term of `exclude`. */
export interface PositionSelection {
  readonly include: readonly PositionTerm[]
  readonly exclude: readonly PositionTerm[]
}

const interned = new Map<string, PositionSelection>()

/** The one object that stands for all selections of the same terms: of interned selections, equal ones are identical. */
export function internSelection(selection: PositionSelection): PositionSelection {
  const key = JSON.stringify([selection.include, selection.exclude])
  const known = interned.get(key)
  if (known !== undefined) return known
  interned.set(key, selection)
  return selection
}

/** One token of a request, as far as selections look at it. */
export interface TokenPlace {
  readonly id: number
  /** Position in the request's own tokens, from 0. */
  readonly position: number
  /** Tokens of the prompt, BOS included. */
  readonly promptLength: number
  readonly isBos: boolean
  /** BOS counts as special too. */
  readonly isSpecial: boolean
}

// a list that somebody writes has a handful; each token is held against all of them
const mostTerms = 1000

const words = ['all', 'prompt', 'generated', 'last_prompt', 'bos', 'special'] as const

/** Reads "prompt", "0:5 -1:", "generated 3": terms separated by spaces. Throws InputError that says what a term can be. */
export function parsePositions(text: string): PositionTerm[] {
  const terms = text.split(/\s+/).filter((term) => term !== '')
  if (terms.length === 0) throw new InputError('no positions are given')
  if (terms.length > mostTerms)
    throw new InputError(`${terms.length} positions are more than ${mostTerms}; write neighbours as a range like 0:500`)
  return terms.map(parseTerm)
}

function parseTerm(term: string): PositionTerm {
  const word = words.find((candidate) => candidate === term)
  if (word !== undefined) return word
  const single = /^-?\d+$/.exec(term)
  if (single) {
    const from = Number(term)
    // -1 alone is the last token, whose slice has no end
    return range(term, from, from === -1 ? null : from + 1)
  }
  const slice = /^(-?\d+)?:(-?\d+)?$/.exec(term)
  if (!slice)
    throw new InputError(
      `"${cut(term)}" is not a position: expected ${words.join(', ')}, a number or a range like 0:5, -3: or :10 of the prompt's tokens`,
    )
  return range(term, Number(slice[1] ?? 0), slice[2] === undefined ? null : Number(slice[2]))
}

function range(term: string, from: number, to: number | null): PositionTerm {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to ?? 0))
    throw new InputError(`position ${cut(term)} is larger than any text`)
  if (to !== null && Math.sign(from + 0.5) === Math.sign(to + 0.5) && to <= from)
    throw new InputError(`the range ${cut(term)} is empty: its end is not after its beginning`)
  return { from: from + 0, to: to === null ? null : to + 0 }
}

/** Whether a token belongs to a selection. */
export function isSelected({ include, exclude }: PositionSelection, token: TokenPlace): boolean {
  return include.some((term) => holds(term, token)) && !exclude.some((term) => holds(term, token))
}

function holds(term: PositionTerm, token: TokenPlace): boolean {
  const { position, promptLength, isBos, isSpecial } = token
  switch (term) {
    case 'all':
      return true
    case 'prompt':
      return position < promptLength
    case 'generated':
      return position >= promptLength
    case 'last_prompt':
      return position === promptLength - 1
    case 'bos':
      return isBos
    case 'special':
      return isSpecial
    default: {
      if ('heldBy' in term) return isSelected(term.heldBy, token)
      if ('at' in term) return position === term.at
      if ('promptAt' in term) return position === Math.min(term.promptAt, promptLength - 1)
      if ('tokens' in term) return position < promptLength === (term.of === 'prompt') && term.tokens.includes(token.id)
      if ('steps' in term) {
        const [first, end] = term.steps
        return position >= promptLength + first && (end === null || position < promptLength + end)
      }
      const at = (index: number) => (index < 0 ? Math.max(0, promptLength + index) : index)
      return (
        position < promptLength &&
        position >= at(term.from) &&
        position < (term.to === null ? promptLength : at(term.to))
      )
    }
  }
}

/** "positions prompt without bos", for messages; also the key under which equal selections are one. */
export function describeSelection({ include, exclude }: PositionSelection): string {
  const text = (terms: readonly PositionTerm[]) => terms.map(termText).join(' ')
  return `positions ${text(include)}${exclude.length === 0 ? '' : ` without ${text(exclude)}`}`
}

function termText(term: PositionTerm): string {
  if (typeof term === 'string') return term
  if ('heldBy' in term) return `(${describeSelection(term.heldBy)})`
  if ('at' in term) return `position ${term.at}`
  if ('promptAt' in term) return `prompt[${term.promptAt}]`
  if ('tokens' in term) return `${term.of} tokens ${term.tokens.join(',')}`
  if ('steps' in term) return `generated[${term.steps[0]}:${term.steps[1] ?? ''}]`
  return `${term.from}:${term.to ?? ''}`
}
