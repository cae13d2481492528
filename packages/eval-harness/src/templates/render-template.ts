import { parse, tokenize } from '@huggingface/jinja'
import type { PyDict } from '../python/value.js'
import { prepareSource } from './prepare-source.js'
import { Scope } from './scope.js'
import { evaluateStatements } from './statements.js'
import { TemplateError } from './template-error.js'
import { testsAsFilters } from './test-tokens.js'

type Program = ReturnType<typeof parse>

// a run renders a few templates for thousands of documents
const programs = new Map<string, Program>()

/**
 * Renders a Jinja template as lm_eval does: Python's values and texts, undefined names are errors, a final newline is kept, blocks are not
 * trimmed. Throws TemplateError.
 */
export function renderTemplate(source: string, doc: PyDict): string {
  return evaluateStatements(program(source).body, new Scope(doc))
}

function program(source: string): Program {
  let found = programs.get(source)
  if (!found) {
    try {
      // the tokenizer drops one final newline, which Jinja's keep_trailing_newline keeps
      const prepared = prepareSource(source)
      found = parse(testsAsFilters(tokenize(prepared.endsWith('\n') ? `${prepared}\n` : prepared, {})))
    } catch (cause) {
      throw new TemplateError('TemplateSyntaxError', cause instanceof Error ? cause.message : String(cause))
    }
    programs.set(source, found)
  }
  return found
}
