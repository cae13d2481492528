import { formatValue } from '../../text/format-spec.js'
import { codePoints, pyRepr, pyStr } from '../../text/text.js'
import { PythonError } from '../../values/python-error.js'
import { PyObject, type PyValue } from '../../values/value.js'

/** markupsafe.Markup: a text in which nothing is left to escape. What is joined with it is escaped. */
export class Markup extends PyObject {
  readonly typeName = 'Markup'
  override readonly reversible = 'reversed'

  constructor(readonly text: string) {
    super()
  }

  override truth(): boolean {
    return this.text !== ''
  }

  override equals(other: PyValue): boolean {
    return textOf(other) === this.text
  }

  override repr(): string {
    return `Markup(${pyRepr(this.text)})`
  }

  override str(): string {
    return this.text
  }

  override iterate(): Iterator<PyValue> {
    return this.text[Symbol.iterator]()
  }

  // by index, which gives Markup; iteration gives plain characters
  override reversedItems(): readonly PyValue[] {
    return Array.from(this.text, (character) => new Markup(character))
  }

  override length(): number {
    return codePoints(this.text)
  }

  override contains(item: PyValue): boolean {
    const text = textOf(item)
    if (text === null) throw new PythonError('TypeError', "'in <string>' requires string as left operand")
    return this.text.includes(text)
  }

  override format(spec: string): string {
    return formatValue(this.text, spec)
  }
}

/** The text of a str or Markup; null for other values. */
export function textOf(value: PyValue | undefined): string | null {
  if (typeof value === 'string') return value
  return value instanceof Markup ? value.text : null
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
}

/** A text with the characters escaped that HTML gives a meaning. */
export function escapeText(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => entities[character]!)
}

/** markupsafe.escape: str(value) escaped, unless it is Markup already. */
export function toMarkup(value: PyValue): Markup {
  return value instanceof Markup ? value : new Markup(escapeText(pyStr(value)))
}

/** soft_str: str(value), but Markup stays what it is. */
export function softText(value: PyValue): string | Markup {
  return value instanceof Markup ? value : pyStr(value)
}

/** A text of the same kind as another. */
export function like(model: PyValue, text: string): PyValue {
  return model instanceof Markup ? new Markup(text) : text
}
