import { literalEval } from '../python/literal.js'
import { isDigits } from '../python/text.js'
import { isDict, type PyDict, type PyValue, typeName } from '../python/value.js'
import { renderTemplate } from '../templates/render-template.js'
import { TemplateError } from '../templates/template-error.js'

/** What decides how a field of a task file is read: the dataset's columns, and whether the task has doc_to_choice. */
export interface FieldRules {
  readonly columns: readonly string[]
  readonly hasChoices: boolean
}

/** A task's rule cannot be applied to a document; the message says which rule and why. */
export class DocFieldError extends Error {
  override name = 'DocFieldError'
}

/** The question as lm_eval's doc_to_text gives it: a column's value, or a rendered template; digits alone become an int when there are choices. */
export function docToText(rule: PyValue, doc: PyDict, { columns, hasChoices }: FieldRules): PyValue {
  if (typeof rule === 'number') return rule
  if (typeof rule !== 'string') throw new DocFieldError(`doc_to_text is a ${typeName(rule)}`)
  if (columns.includes(rule)) return doc.get(rule) ?? null
  const text = render('doc_to_text', rule, doc)
  return isDigits(text) && hasChoices ? literal('doc_to_text', text) : text
}

/** The answer: a text, an index into the choices, or a list of either. */
export function docToTarget(rule: PyValue, doc: PyDict, { columns, hasChoices }: FieldRules): PyValue {
  if (typeof rule === 'number' || Array.isArray(rule)) return rule
  if (typeof rule !== 'string') throw new DocFieldError(`doc_to_target is a ${typeName(rule)}`)
  if (columns.includes(rule)) return doc.get(rule) ?? null
  const text = render('doc_to_target', rule, doc)
  if (isDigits(text) && hasChoices) return literal('doc_to_target', text)
  if (text.length < 2 || !text.startsWith('[') || !text.endsWith(']')) return text
  try {
    return literalEval(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

/** The choices; a template must print a Python list. */
export function docToChoice(rule: PyValue, doc: PyDict, { columns }: Pick<FieldRules, 'columns'>): readonly PyValue[] {
  const value = choiceValue(rule, doc, columns)
  if (!Array.isArray(value)) throw new DocFieldError(`doc_to_choice gives a ${typeName(value)}, not a list`)
  return value
}

function choiceValue(rule: PyValue, doc: PyDict, columns: readonly string[]): PyValue {
  if (isDict(rule)) return [...rule.values()]
  if (typeof rule !== 'string') return rule
  if (columns.includes(rule)) return doc.get(rule) ?? null
  return literal('doc_to_choice', render('doc_to_choice', rule, doc))
}

/** A column's value as text, or a rendered template: descriptions and answer prefixes. Empty for null. */
export function docToPlainText(name: string, rule: string | null, doc: PyDict): string {
  if (rule === null || rule === '') return ''
  const value = doc.get(rule)
  return typeof value === 'string' ? value : render(name, rule, doc)
}

function render(name: string, template: string, doc: PyDict): string {
  try {
    return renderTemplate(template, doc)
  } catch (cause) {
    if (!(cause instanceof TemplateError)) throw cause
    throw new DocFieldError(`${name}: ${cause.exception}: ${cause.message}`, { cause })
  }
}

function literal(name: string, text: string): PyValue {
  try {
    return literalEval(text)
  } catch (cause) {
    throw new DocFieldError(`${name} prints ${JSON.stringify(text.slice(0, 100))}, which is not a Python literal`, {
      cause,
    })
  }
}
