import type { PyValue } from '../values/value.js'

/** What a name, an index or an attribute is assigned to. */
export type Target = Expression

/** A part of an f-string: text, or a value with its conversion. */
export type Piece = string | { readonly value: Expression; readonly repr: boolean }

export interface Comprehension {
  readonly target: Target
  readonly from: Expression
  readonly conditions: readonly Expression[]
}

export interface Argument {
  readonly name: string | null
  readonly star: boolean
  readonly value: Expression
}

export interface Parameter {
  readonly name: string
  readonly fallback: Expression | null
}

export type Expression =
  | { readonly kind: 'constant'; readonly value: PyValue }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'text'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'list' | 'tuple' | 'set'; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [key: Expression | null, value: Expression])[] }
  | { readonly kind: 'attribute'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly index: Expression }
  | {
      readonly kind: 'slice'
      readonly of: Expression
      readonly start: Expression | null
      readonly end: Expression | null
      readonly step: Expression | null
    }
  | { readonly kind: 'call'; readonly of: Expression; readonly args: readonly Argument[] }
  | { readonly kind: 'unary'; readonly operator: string; readonly value: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'compare'
      readonly first: Expression
      readonly rest: readonly (readonly [operator: string, value: Expression])[]
    }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'choice'
      readonly condition: Expression
      readonly yes: Expression
      readonly no: Expression
    }
  | { readonly kind: 'lambda'; readonly parameters: readonly Parameter[]; readonly body: Expression }
  | {
      readonly kind: 'comprehension'
      readonly of: 'list' | 'dict' | 'set'
      readonly key: Expression | null
      readonly value: Expression
      readonly loops: readonly Comprehension[]
    }

export interface FunctionNode {
  readonly kind: 'def'
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly body: readonly Statement[]
  readonly line: number
}

export interface Handler {
  /** Classes of exceptions; null takes all. */
  readonly classes: readonly string[] | null
  readonly name: string | null
  readonly body: readonly Statement[]
}

export type Statement = { readonly line: number } & (
  | FunctionNode
  | { readonly kind: 'expression'; readonly value: Expression }
  | { readonly kind: 'assign'; readonly targets: readonly Target[]; readonly value: Expression }
  | { readonly kind: 'change'; readonly target: Target; readonly operator: string; readonly value: Expression }
  | { readonly kind: 'return'; readonly value: Expression | null }
  | {
      readonly kind: 'if'
      readonly condition: Expression
      readonly body: readonly Statement[]
      readonly otherwise: readonly Statement[]
    }
  | {
      readonly kind: 'for'
      readonly target: Target
      readonly from: Expression
      readonly body: readonly Statement[]
    }
  | { readonly kind: 'while'; readonly condition: Expression; readonly body: readonly Statement[] }
  | { readonly kind: 'try'; readonly body: readonly Statement[]; readonly handlers: readonly Handler[] }
  | { readonly kind: 'raise'; readonly value: Expression }
  | { readonly kind: 'assert'; readonly condition: Expression }
  | { readonly kind: 'delete'; readonly target: Target }
  | {
      readonly kind: 'import'
      readonly module: string
      readonly names: readonly (readonly [from: string | null, as: string])[]
    }
  | { readonly kind: 'break' | 'continue' | 'pass' }
)

/** The constant None. */
export const none: Expression = { kind: 'constant', value: null }
