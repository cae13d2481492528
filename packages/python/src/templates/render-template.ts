import { asPython, startWork } from '../budget/budget.js'
import type { PyDict } from '../values/value.js'
import { compileTemplate } from './compile/blocks.js'
import { jinjaFilters } from './filters/filters.js'
import { regexReplace } from './filters/text-filters.js'
import { jinjaGlobals } from './globals.js'
import { Context, type Environment } from './runtime/context.js'
import { parseTemplate } from './syntax/statement-parser.js'
import { jinjaTests } from './tests.js'

/** Renders a template for some names. */
export type Template = (names: PyDict) => string

/** Reads a template. Throws PythonError, when it is read or when it is rendered, with the class that Jinja would raise; TimeoutError or MemoryError where it takes too much. */
export function makeTemplate(source: string, environment: Environment): Template {
  const { render, blocks } = pythonErrors(() => compileTemplate(parseTemplate(source, environment.syntax), environment))
  return (names) =>
    pythonErrors(() => {
      startWork()
      return render(new Context(environment, names, blocks))
    })
}

function pythonErrors<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    throw asPython(cause)
  }
}

/** lm_eval's environment (lm_eval/utils.py). */
const taskEnvironment: Environment = {
  syntax: {
    trimBlocks: false,
    lstripBlocks: false,
    keepTrailingNewline: true,
    loopControls: false,
    generationTag: false,
  },
  strict: true,
  sandboxed: false,
  filters: new Map([...jinjaFilters, regexReplace]),
  tests: jinjaTests,
  globals: jinjaGlobals(false),
}

// a run renders a few templates for thousands of documents
const templates = new Map<string, Template>()

/**
 * Renders a Jinja template as lm_eval does: Python's values and texts, undefined names are errors, a final newline is kept, blocks are not
 * trimmed. Throws PythonError.
 */
export function renderTemplate(source: string, doc: PyDict): string {
  let template = templates.get(source)
  if (template === undefined) {
    template = makeTemplate(source, taskEnvironment)
    templates.set(source, template)
  }
  return template(doc)
}
