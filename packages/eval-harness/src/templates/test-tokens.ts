import type { tokenize } from '@huggingface/jinja'

type Token = ReturnType<typeof tokenize>[number]

/** Prefix of the filters that stand for tests; `not` where the test is negated. */
export const testPrefix = { plain: '__is_', negated: '__is_not_' } as const

/** Tokens that may begin a test's argument without parentheses. */
const argumentTypes = new Set(['Identifier', 'NumericLiteral', 'StringLiteral'])
const afterTest = new Set(['and', 'or', 'else', 'is', 'if', 'not', 'in', 'recursive'])

/**
 * Writes tests as filters ("x is not divisibleby 3" as "x | __is_not_divisibleby(3)"): the parser knows no tests with arguments, and in
 * Jinja tests bind as tightly as filters.
 */
export function testsAsFilters(tokens: readonly Token[]): Token[] {
  const out: Token[] = []
  let inTag = false
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!
    if (/^Open(Statement|Expression)$/.test(token.type)) inTag = true
    if (/^Close(Statement|Expression)$/.test(token.type)) inTag = false
    const previous = out.at(-1)
    const isTest =
      inTag && token.type === 'Identifier' && token.value === 'is' && previous !== undefined && ends(previous)
    if (!isTest) {
      out.push(token)
      continue
    }
    const negated = isName(tokens[at + 1], 'not')
    const name = tokens[at + (negated ? 2 : 1)]
    if (name?.type !== 'Identifier') {
      out.push(token)
      continue
    }
    at += negated ? 2 : 1
    const filter = (negated ? testPrefix.negated : testPrefix.plain) + name.value
    out.push(make('Pipe', '|'), make('Identifier', filter))
    const next = tokens[at + 1]
    if (next === undefined || !argumentTypes.has(next.type)) continue
    if (next.type === 'Identifier' && afterTest.has(next.value)) continue
    // a single token; anything longer needs parentheses
    out.push(make('OpenParen', '('), next, make('CloseParen', ')'))
    at++
  }
  return out
}

/** Whether an operand ends with this token, so that "is" is the operator and no name. */
function ends({ type, value }: Token): boolean {
  if (type === 'Identifier') return !['and', 'or', 'not', 'in', 'if', 'else', 'elif', 'is'].includes(value)
  return ['NumericLiteral', 'StringLiteral', 'CloseParen', 'CloseSquareBracket', 'CloseCurlyBracket'].includes(type)
}

function isName(token: Token | undefined, value: string): boolean {
  return token?.type === 'Identifier' && token.value === value
}

function make(type: string, value: string): Token {
  return { type, value } as Token
}
