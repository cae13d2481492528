import { checkWidth } from '../budget/budget.js'
import { dumpsJson } from '../json/json.js'
import { pyStr } from '../text/text.js'
import { PythonError } from '../values/python-error.js'
import { isTrue, type PyDict, type PyValue, typeName } from '../values/value.js'
import { define } from './filters/define.js'
import { jinjaFilters } from './filters/filters.js'
import { jinjaGlobals } from './globals.js'
import { int } from './methods/arguments.js'
import { makeTemplate, type Template } from './render-template.js'
import type { Environment } from './runtime/context.js'
import { bind, PyFunction } from './runtime/functions.js'
import { listOf } from './runtime/iteration.js'
import { textOf } from './runtime/markup.js'
import { strftime } from './strftime.js'
import { jinjaTests } from './tests.js'

/** Exceptions that are a jinja2.exceptions.TemplateError. */
const jinjaErrors: ReadonlySet<string> = new Set([
  'TemplateError',
  'TemplateNotFound',
  'TemplateSyntaxError',
  'TemplateAssertionError',
  'TemplateRuntimeError',
  'UndefinedError',
  'SecurityError',
  'FilterArgumentError',
])

/** Whether Jinja itself raised an error: a template that cannot be read, or raises, as opposed to Python below it. */
export function isJinjaError(error: unknown): boolean {
  return error instanceof PythonError && jinjaErrors.has(error.exception)
}

/** transformers' own tojson: plain JSON, without escapes for HTML. */
const tojson = define('tojson', 'ensure_ascii indent separators sort_keys', 0, (value, args) => {
  const [ascii = false, indent, separators, sorted = false] = args
  return dumpsJson(value, {
    ensureAscii: isTrue(ascii),
    sortKeys: isTrue(sorted),
    ...(indent == null ? {} : { indent: textOf(indent) ?? checkWidth(int(indent)) }),
    ...(separators == null ? {} : { separators: separatorsOf(separators) }),
  })
})

function separatorsOf(value: PyValue): readonly [string, string] {
  const [item, key, ...more] = listOf(value).map(textOf)
  if (item == null || key == null || more.length > 0)
    throw new PythonError('TypeError', `separators must be two texts, not ${typeName(value)}`)
  return [item, key]
}

const raiseException = new PyFunction('raise_exception', (args, keywords) => {
  const [message] = bind('raise_exception', ['message'], 1, args, keywords)
  throw new PythonError('TemplateError', pyStr(message!))
})

const strftimeNow = new PyFunction('strftime_now', (args, keywords) => {
  const [format] = bind('strftime_now', ['format'], 1, args, keywords)
  const text = textOf(format)
  if (text === null) throw new PythonError('TypeError', `strftime() argument 1 must be str, not ${typeName(format!)}`)
  return strftime(text, new Date())
})

/** transformers' environment for chat templates (utils/chat_template_utils.py): an ImmutableSandboxedEnvironment with break, continue and generation. */
const chatEnvironment: Environment = {
  syntax: {
    trimBlocks: true,
    lstripBlocks: true,
    keepTrailingNewline: false,
    loopControls: true,
    generationTag: true,
  },
  strict: false,
  sandboxed: true,
  filters: new Map([...jinjaFilters, tojson]),
  tests: jinjaTests,
  globals: new Map<string, PyValue>([
    ...(jinjaGlobals(true) as PyDict),
    ['raise_exception', raiseException],
    ['strftime_now', strftimeNow],
  ]),
}

/** Reads a chat template as transformers does. Throws PythonError, when it is read or when it is rendered. */
export function makeChatTemplate(source: string): Template {
  return makeTemplate(source, chatEnvironment)
}
