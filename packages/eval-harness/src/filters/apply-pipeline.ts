import { FunctionReference } from '@saeval/python/internal/functions/function-reference'
import type { TaskFunction } from '@saeval/python/internal/functions/task-function'
import { RegexError } from '@saeval/python/internal/regex/regex-translator'
import type { PyDict, PyValue } from '@saeval/python/internal/values/value'
import { callFunction, DocFieldError } from '../documents/doc-fields.js'
import type { FilterPipeline, FilterStep } from './filter-config.js'
import { type Answers, FilterError } from './filters.js'
import { applyFilter } from './own-filters.js'

/**
 * Sends a task's answers (a list for each request) through a pipeline's filters, in order. Throws DocFieldError naming the filter where an
 * answer does not fit it.
 */
export async function applyPipeline(
  { name, steps }: FilterPipeline,
  answers: Answers,
  docs: readonly PyDict[],
  functions: ReadonlyMap<FunctionReference, TaskFunction>,
): Promise<Answers> {
  let filtered = answers
  for (const step of steps) filtered = await applyStep(name, step, filtered, docs, functions)
  return filtered
}

async function applyStep(
  pipeline: string,
  { function: used, settings }: FilterStep,
  answers: Answers,
  docs: readonly PyDict[],
  functions: ReadonlyMap<FunctionReference, TaskFunction>,
): Promise<Answers> {
  const custom = used instanceof FunctionReference ? used : used === 'custom' ? settings.get('filter_fn') : null
  if (custom instanceof FunctionReference) {
    const keywords = used === 'custom' ? new Map<string, PyValue>() : (settings as PyDict)
    const result = await callFunction(functions.get(custom)!, [answers, docs], keywords)
    if (Array.isArray(result) && result.length === answers.length) return result
    throw new DocFieldError(`filter ${pipeline}: ${custom.name} does not give one answer for each request`)
  }
  try {
    return await applyFilter(used as string, answers, docs, settings as PyDict)
  } catch (cause) {
    if (!(cause instanceof FilterError || cause instanceof RegexError)) throw cause
    throw new DocFieldError(`filter ${pipeline}: ${cause.message}`, { cause })
  }
}
