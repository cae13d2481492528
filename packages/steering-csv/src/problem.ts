import { cut } from '@saeval/hub/checks'

/** What is wrong with a steering file, as a fact for programs. */
export type ProblemKind =
  | 'empty_file'
  | 'no_rows'
  | 'missing_column'
  | 'duplicate_column'
  | 'unknown_column'
  | 'too_few_fields'
  | 'too_many_fields'
  | 'unterminated_quote'
  | 'invalid_quote'
  | 'not_utf8'
  | 'empty'
  | 'not_an_integer'
  | 'negative'
  | 'out_of_range'
  | 'not_a_number'
  | 'not_finite'
  | 'unknown_action'
  | 'unknown_loader'
  | 'unknown_word'
  | 'required_for_action'
  | 'required_for_loader'
  | 'without_effect'
  | 'contradiction'
  | 'incomplete'
  | 'invalid_positions'
  | 'unknown_neuronpedia'
  | 'unknown_release'
  | 'unknown_sae_id'

/** One problem and its place. */
export interface Problem {
  /** Physical line, from 1, on which the record starts; 1 for the header and the file as a whole. */
  readonly line: number
  /** null where no single column is at fault. */
  readonly column: string | null
  readonly kind: ProblemKind
  /** The cell as written, without surrounding spaces; absent where there is none. */
  readonly value?: string
  /** One sentence that says what to do. */
  readonly message: string
}

/** Notes a problem of a row. */
export type Report = (column: string | null, kind: ProblemKind, message: string, value?: string) => void

/** How many problems are listed; more are counted. */
export const mostListed = 20

/** "steer.csv:3, column latent_idx: …", one line a problem; of many the first, and how many there are. */
export function formatProblems(file: string, problems: readonly Problem[]): string {
  const listed = problems
    .slice(0, mostListed)
    .map(
      ({ line, column, message }) => `${file}:${line}${column === null ? '' : `, column ${cut(column)}`}: ${message}`,
    )
  const left = problems.length - listed.length
  return [...listed, ...(left > 0 ? [`${file}: and ${left} problems more`] : [])].join('\n')
}
