import { StatementParser } from './statement-parser.js'
import type { Statement } from './syntax.js'
import { type Token, tokenize } from './tokens.js'

/**
 * A statement of a module's top level, read when it is wanted: `parse` throws Unsupported for Python that is not run natively, which in a
 * statement that nobody needs does not matter.
 */
export interface TopLevel {
  /** The first words: enough to see what it is. */
  readonly tokens: readonly Token[]
  readonly start: number
  readonly end: number
  parse(): Statement[]
}

/** The statements of a module, unread. */
export function topLevel(source: string): TopLevel[] {
  const tokens = tokenize(source)
  const statements: TopLevel[] = []
  let from = 0
  let depth = 0
  const flush = (to: number) => {
    const own = tokens.slice(from, to)
    from = to
    if (own.every(({ kind }) => kind === 'newline' || kind === 'end')) return
    const end: Token = { ...own.at(-1)!, kind: 'end', text: '' }
    const last = own.filter(({ kind }) => !['newline', 'dedent', 'end'].includes(kind)).at(-1)!
    statements.push({
      tokens: own,
      start: own[0]!.start,
      end: last.start + last.text.length,
      parse: () => new StatementParser([...own, end]).block(),
    })
  }
  tokens.forEach((token, index) => {
    if (token.kind === 'indent') depth++
    if (token.kind === 'dedent') depth--
    const next = tokens[index + 1]
    if (depth > 0 || next === undefined || next.kind === 'indent') return
    // else, elif, except and finally go on with what stands before them; a decorator with what follows
    if (/^(else|elif|except|finally)$/.test(next.text)) return
    if (
      token.kind === 'newline' &&
      tokens[from]?.text === '@' &&
      !tokens.slice(from, index).some(({ text }) => text === 'def' || text === 'class')
    )
      return
    if (token.kind === 'newline' || token.kind === 'dedent') flush(index + 1)
  })
  flush(tokens.length)
  return statements
}
