import { pythonRegex } from '@saeval/python/internal/regex/regex'
import { RegexError } from '@saeval/python/internal/regex/regex-translator'
import type { PyDict, PyValue } from '@saeval/python/internal/values/value'
import type { Complain } from '../yaml/check-fields.js'

/** The patterns of the setting regexes_to_ignore, which checkPatterns has looked at; of a single text every character is one, as in lm_eval. */
export function ignoredPatterns(settings: PyDict): readonly string[] {
  const given = settings.get('regexes_to_ignore') ?? []
  return typeof given === 'string' ? [...given] : (given as readonly string[])
}

/** Refuses settings whose regular expressions would not match as in Python. */
export function checkPatterns(settings: ReadonlyMap<string, unknown>, field: string, complain: Complain): void {
  const ignored = settings.get('regexes_to_ignore') ?? []
  if (typeof ignored !== 'string' && !Array.isArray(ignored))
    throw complain(`${field}.regexes_to_ignore`, 'is not a list of regular expressions')
  const pattern = settings.get('regex_pattern') ?? null
  const patterns = (pattern === null ? [...ignored] : [pattern, ...ignored]) as PyValue[]
  for (const one of patterns) checkPattern(one, field, complain)
}

function checkPattern(pattern: PyValue, field: string, complain: Complain): void {
  if (typeof pattern !== 'string') throw complain(field, 'has a regular expression that is not a text')
  try {
    pythonRegex(pattern)
  } catch (cause) {
    if (!(cause instanceof RegexError)) throw cause
    throw complain(field, `cannot be used: ${cause.message}`)
  }
}
