import { type TaskFunction, TaskFunctionError } from '@saeval/python/internal/functions/task-function'
import { renderTemplate } from '@saeval/python/internal/templates/render-template'
import { isDigits } from '@saeval/python/internal/text/character-classes'
import { literalEval } from '@saeval/python/internal/text/literal'
import { PythonError } from '@saeval/python/internal/values/python-error'
import { isDict, type PyDict, type PyValue, typeName } from '@saeval/python/internal/values/value'

/** How a task makes something of a document: a template, a column name, a number, a list, a mapping, or a Python function. */
export type Rule = PyValue | TaskFunction

/** What decides how a field of a task file is read: the dataset's columns, and whether the task has doc_to_choice. */
export interface FieldRules {
  readonly columns: readonly string[]
  readonly hasChoices: boolean
}

/** A task's rule cannot be applied to a document; the message says which rule and why. */
export class DocFieldError extends Error {
  override name = 'DocFieldError'
}

/** Whether a rule is a Python function. */
function isTaskFunction(rule: Rule): rule is TaskFunction {
  return typeof rule === 'object' && rule !== null && 'call' in rule
}

/** Calls a Python function of the task; an exception becomes a DocFieldError that names the function. */
export async function callFunction(rule: TaskFunction, args: readonly PyValue[], keywords?: PyDict): Promise<PyValue> {
  try {
    return await rule.call(args, keywords)
  } catch (cause) {
    if (!(cause instanceof TaskFunctionError)) throw cause
    throw new DocFieldError(`${rule.reference.name}: ${cause.exception}: ${cause.message}`, { cause })
  }
}

/** The question as lm_eval's doc_to_text gives it: a column's value, or a rendered template; digits alone become an int when there are choices. */
export async function docToText(rule: Rule, doc: PyDict, { columns, hasChoices }: FieldRules): Promise<PyValue> {
  if (isTaskFunction(rule)) return callFunction(rule, [doc])
  if (typeof rule === 'number') return rule
  if (typeof rule !== 'string') throw new DocFieldError(`doc_to_text is a ${typeName(rule)}`)
  if (columns.includes(rule)) return doc.get(rule) ?? null
  const text = render('doc_to_text', rule, doc)
  return isDigits(text) && hasChoices ? literal('doc_to_text', text) : text
}

/** The answer: a text, an index into the choices, or a list of either. */
export async function docToTarget(rule: Rule, doc: PyDict, { columns, hasChoices }: FieldRules): Promise<PyValue> {
  if (isTaskFunction(rule)) return callFunction(rule, [doc])
  if (typeof rule === 'number' || Array.isArray(rule)) return rule as PyValue
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
export async function docToChoice(
  rule: Rule,
  doc: PyDict,
  { columns }: Pick<FieldRules, 'columns'>,
): Promise<readonly PyValue[]> {
  const value = await choiceValue(rule, doc, columns)
  if (!Array.isArray(value)) throw new DocFieldError(`doc_to_choice gives a ${typeName(value)}, not a list`)
  return value
}

async function choiceValue(rule: Rule, doc: PyDict, columns: readonly string[]): Promise<PyValue> {
  if (isTaskFunction(rule)) return callFunction(rule, [doc])
  if (isDict(rule)) return [...rule.values()]
  if (typeof rule !== 'string') return rule as PyValue
  if (columns.includes(rule)) return doc.get(rule) ?? null
  return literal('doc_to_choice', render('doc_to_choice', rule, doc))
}

/** A column's value as text, or a rendered template: descriptions and answer prefixes. Empty for null. */
export function docToPlainText(name: string, rule: string | null, doc: PyDict): string {
  if (rule === null || rule === '') return ''
  if (!doc.has(rule)) return render(name, rule, doc)
  const value = doc.get(rule)!
  if (value === null || typeof value === 'string') return value ?? ''
  throw new DocFieldError(`${name}: the column ${rule} holds a ${typeName(value)}, not a text`)
}

function render(name: string, template: string, doc: PyDict): string {
  try {
    return renderTemplate(template, doc)
  } catch (cause) {
    if (!(cause instanceof PythonError)) throw cause
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
