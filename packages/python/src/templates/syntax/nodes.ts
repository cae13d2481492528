import type { PyValue } from '../../values/value.js'

// The tree of a template: Jinja's nodes under shorter names.

/** Arguments of a call, filter or test. */
export interface Arguments {
  readonly args: readonly Expression[]
  readonly keywords: readonly (readonly [name: string, value: Expression])[]
  /** `*list` */
  readonly spread: Expression | null
  /** `**dict` */
  readonly spreadKeywords: Expression | null
}

/** A name that is read. */
export interface NameNode {
  readonly kind: 'name'
  readonly name: string
}
export interface FilterNode extends Arguments {
  readonly kind: 'filter'
  /** What it is applied to; null in a block, whose text it is. */
  readonly node: Expression | null
  readonly name: string
  readonly line: number
}
export interface CallNode extends Arguments {
  readonly kind: 'call'
  readonly node: Expression
}
export interface SliceNode {
  readonly kind: 'slice'
  readonly start: Expression | null
  readonly stop: Expression | null
  readonly step: Expression | null
}

export type Expression =
  | NameNode
  | FilterNode
  | CallNode
  | SliceNode
  | { readonly kind: 'const'; readonly value: PyValue }
  | { readonly kind: 'tuple' | 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly items: readonly (readonly [key: Expression, value: Expression])[] }
  | {
      readonly kind: 'condition'
      readonly test: Expression
      readonly yes: Expression
      readonly no: Expression | null
      readonly line: number
    }
  | ({
      readonly kind: 'test'
      readonly node: Expression
      readonly name: string
      readonly line: number
    } & Arguments)
  | { readonly kind: 'attribute'; readonly node: Expression; readonly name: string }
  | { readonly kind: 'item'; readonly node: Expression; readonly key: Expression }
  | { readonly kind: 'concat'; readonly nodes: readonly Expression[] }
  | {
      readonly kind: 'compare'
      readonly node: Expression
      readonly operands: readonly (readonly [operator: string, value: Expression])[]
    }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'unary'; readonly operator: '-' | '+' | 'not'; readonly node: Expression }

/** What is assigned to. */
export type Target =
  | { readonly kind: 'store'; readonly name: string }
  | { readonly kind: 'member'; readonly name: string; readonly attribute: string }
  | { readonly kind: 'targets'; readonly items: readonly Target[] }

/** Parameters of a macro or call block; the last ones have defaults. */
export interface Signature {
  readonly parameters: readonly string[]
  readonly defaults: readonly Expression[]
  readonly body: readonly Statement[]
  readonly line: number
}
export interface MacroNode extends Signature {
  readonly kind: 'macro'
  readonly name: string
}
export interface CallBlockNode extends Signature {
  readonly kind: 'callBlock'
  readonly call: CallNode
}
export interface ForNode {
  readonly kind: 'for'
  readonly target: Target
  readonly iterable: Expression
  readonly body: readonly Statement[]
  readonly otherwise: readonly Statement[]
  readonly test: Expression | null
  readonly recursive: boolean
}
export interface IfNode {
  readonly kind: 'if'
  readonly test: Expression
  readonly body: readonly Statement[]
  readonly alternatives: readonly IfNode[]
  readonly otherwise: readonly Statement[]
}
export interface BlockNode {
  readonly kind: 'block'
  readonly name: string
  readonly scoped: boolean
  readonly required: boolean
  readonly body: readonly Statement[]
  readonly line: number
}

export type Statement =
  | MacroNode
  | CallBlockNode
  | ForNode
  | IfNode
  | BlockNode
  | { readonly kind: 'output'; readonly nodes: readonly (string | Expression)[] }
  | { readonly kind: 'filterBlock'; readonly body: readonly Statement[]; readonly filter: FilterNode }
  | {
      readonly kind: 'with'
      readonly targets: readonly Target[]
      readonly values: readonly Expression[]
      readonly body: readonly Statement[]
    }
  | { readonly kind: 'autoescape'; readonly value: Expression; readonly body: readonly Statement[] }
  | { readonly kind: 'generation'; readonly body: readonly Statement[] }
  | { readonly kind: 'assign'; readonly target: Target; readonly value: Expression }
  | {
      readonly kind: 'assignBlock'
      readonly target: Target
      readonly filter: FilterNode | null
      readonly body: readonly Statement[]
    }
  | { readonly kind: 'include'; readonly template: Expression; readonly ignoreMissing: boolean }
  | { readonly kind: 'extends'; readonly template: Expression; readonly line: number }
  | { readonly kind: 'import'; readonly template: Expression; readonly names: readonly string[] }
  | { readonly kind: 'break' | 'continue'; readonly line: number }
