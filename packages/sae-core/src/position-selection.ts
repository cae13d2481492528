import { InputError } from '@saeval/hub'
import { cut } from '@saeval/hub/checks'

/**
 * A set of token positions. The prompt is everything before the first token that the model has to predict: the context of a
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

function holds(term: PositionTerm, { position, promptLength, isBos, isSpecial }: TokenPlace): boolean {
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
  return typeof term === 'string' ? term : `${term.from}:${term.to ?? ''}`
}
