import { substitute } from '@saeval/python/internal/regex/regex'
import { codePoints, pyStr } from '@saeval/python/internal/text/text'
import { equals, isTrue, type PyDict, type PyValue } from '@saeval/python/internal/values/value'
import { ignoredPatterns } from '../filters/ignored-patterns.js'

/**
 * Share of predictions equal to their references, both changed by the settings: regexes_to_ignore taken out one after the other, then
 * ignore_case, ignore_punctuation (ASCII's) and ignore_numbers (0 to 9). Lists of answers compare member by member with one reference, as
 * numpy broadcasts. Throws TypeError for values that are not texts where a setting needs texts.
 */
export function exactMatch(
  predictions: readonly PyValue[],
  references: readonly PyValue[],
  settings: PyDict = new Map(),
): number {
  const changes = listChanges(settings)
  const change = (values: readonly PyValue[]) => changes.reduce((list, step) => step(texts(list)), alike(values))
  const given = change(predictions.flatMap((value) => (Array.isArray(value) ? (value as PyValue[]) : [value])))
  const wanted = change(references)
  if (given.length !== wanted.length && wanted.length !== 1 && given.length !== 1)
    throw new TypeError(`${given.length} answers cannot be compared with ${wanted.length} references`)
  const size = Math.max(given.length, wanted.length)
  let same = 0
  for (let i = 0; i < size; i++) {
    const left = given[given.length === 1 ? 0 : i]!
    const right = wanted[wanted.length === 1 ? 0 : i]!
    if (typeof left === typeof right && equals(left, right)) same++
  }
  return same / size
}

type ListChange = (list: readonly string[]) => readonly PyValue[]

function listChanges(settings: PyDict): ListChange[] {
  const on = (name: string) => isTrue(settings.get(name) ?? null)
  const each =
    (change: (text: string) => string): ListChange =>
    (list) =>
      list.map(change)
  return [
    ...ignoredPatterns(settings).map((pattern) => each((text) => substitute(pattern, '', text))),
    ...(on('ignore_case') ? [lowerCase] : []),
    ...(on('ignore_punctuation') ? [each((text) => text.replace(/[!-/:-@[-`{-~]/g, ''))] : []),
    ...(on('ignore_numbers') ? [each((text) => text.replace(/[0-9]/g, ''))] : []),
  ]
}

/** numpy cuts what grows (İ becomes two characters) at the length of the list's longest text. */
function lowerCase(list: readonly string[]): string[] {
  const width = Math.max(1, ...list.map(codePoints))
  return list.map((text) => {
    const lower = text.toLowerCase()
    return codePoints(lower) > width ? [...lower].slice(0, width).join('') : lower
  })
}

function texts(list: readonly PyValue[]): readonly string[] {
  if (list.every((value) => typeof value === 'string')) return list
  throw new TypeError('exact_match with settings compares texts only')
}

/** In one list numpy turns everything into texts where one member is a text. */
function alike(values: readonly PyValue[]): readonly PyValue[] {
  return values.some((value) => typeof value === 'string') ? values.map(pyStr) : values
}
