import { escapeRegex, findAll, substitute } from '@saeval/python/internal/regex/regex'
import { codePoints, strip } from '@saeval/python/internal/text/text'
import { getItem } from '@saeval/python/internal/values/dict-keys'
import { PythonError } from '@saeval/python/internal/values/python-error'
import { equals, isDict, isTrue, type PyDict, type PyValue, typeName } from '@saeval/python/internal/values/value'
import { ignoredPatterns } from './ignored-patterns.js'
import { namedEntities } from './named-entities.js'

/** The model's answers of every request of a task, one list for each; filters may put anything in their place. */
export type Answers = readonly PyValue[]

/** A filter cannot work with an answer or a document; the message says why. */
export class FilterError extends Error {
  override name = 'FilterError'
}

/** A filter on Python's values. */
export interface RegisteredFilter {
  readonly settings: readonly string[]
  apply(answers: Answers, docs: readonly PyDict[], settings: PyDict): Answers
}

/** Applies `change` to every answer of every request. */
const each =
  (change: (answer: PyValue, settings: PyDict) => PyValue) => (answers: Answers, _: unknown, settings: PyDict) =>
    answers.map((list) => listOf(list).map((answer) => change(answer, settings)))

const regexSettings = ['regex_pattern', 'group_select', 'fallback']

/** saeval's own filters, those of lm_eval, by name. */
export const builtInFilters: Readonly<Record<string, RegisteredFilter>> = {
  take_first: { settings: [], apply: (answers) => answers.map(firstOf) },
  take_first_k: { settings: ['k'], apply: takeFirst },
  majority_vote: { settings: [], apply: (answers) => answers.map((list) => [mostFrequent(listOf(list))]) },
  lowercase: { settings: [], apply: each((answer) => textOf(answer).toLowerCase()) },
  uppercase: { settings: [], apply: each((answer) => textOf(answer).toUpperCase()) },
  remove_whitespace: { settings: [], apply: each((answer) => strip(textOf(answer), 'both')) },
  map: { settings: ['mapping_dict', 'default_value'], apply: each(mapped) },
  regex: { settings: regexSettings, apply: each(extracted) },
  regex_pos: { settings: regexSettings, apply: each(partsOfSpeech) },
  multi_choice_regex: {
    settings: [...regexSettings, 'ignore_case', 'ignore_punctuation', 'regexes_to_ignore'],
    apply: multipleChoice,
  },
  format_span: { settings: [], apply: each((answer) => namedEntities(textOf(answer))) },
}

function listOf(value: PyValue): readonly PyValue[] {
  if (Array.isArray(value)) return value as readonly PyValue[]
  // a filter behind take_first goes through the characters of a text, as Python does
  if (typeof value === 'string') return [...value]
  throw new FilterError(`a ${typeName(value)} stands where a list of answers is needed`)
}

function firstOf(list: PyValue): PyValue {
  const found = listOf(list)[0]
  if (found === undefined) throw new FilterError('take_first finds no answer')
  return found
}

function textOf(answer: PyValue): string {
  if (typeof answer === 'string') return answer
  throw new FilterError(`an answer is a ${typeName(answer)}, not a text`)
}

function takeFirst(answers: Answers, _: unknown, settings: PyDict): Answers {
  const k = settings.get('k')
  if (typeof k !== 'number') throw new FilterError('take_first_k needs k, a whole number')
  const count = listOf(answers[0] ?? []).length
  if (count < k)
    throw new FilterError(`take_first_k needs ${k} answers to each document, there are ${count}: raise repeats`)
  return answers.map((list) => listOf(list).slice(0, k))
}

/** The answer that occurs most often, the earliest of equally frequent ones. */
function mostFrequent(list: readonly PyValue[]): PyValue {
  let best: PyValue = list[0] ?? null
  let most = 0
  for (const candidate of list) {
    const count = list.filter((item) => equals(item, candidate)).length
    if (count <= most) continue
    best = candidate
    most = count
  }
  return best
}

function mapped(answer: PyValue, settings: PyDict): PyValue {
  const table = settings.get('mapping_dict') ?? null
  if (table !== null && !isDict(table)) throw new FilterError('mapping_dict is not a mapping')
  const found = table === null ? undefined : itemOf(table, answer)
  return found === undefined ? (settings.get('default_value') ?? null) : found
}

function itemOf(table: PyDict, key: PyValue): PyValue | undefined {
  try {
    return getItem(table, key)
  } catch (cause) {
    if (!(cause instanceof PythonError)) throw cause
    throw new FilterError(`map cannot look up a ${typeName(key)}`, { cause })
  }
}

function groupSelect(settings: PyDict): number {
  const value = settings.get('group_select') ?? 0
  if (typeof value !== 'number') throw new FilterError('group_select is not a whole number')
  return value
}

const defaultPattern = '#### (\\-?[0-9\\.\\,]+)'

function patternOf(settings: PyDict): string {
  return (settings.get('regex_pattern') as string | undefined) ?? defaultPattern
}

/** The chosen match of a pattern: of several groups the first that is not empty; null without a match, "" where all groups are empty. */
function match(pattern: string, text: string, select: number): string | null {
  const found = findAll(pattern, text)
  if (found.length === 0) return null
  const chosen = found.at(select)
  if (chosen === undefined)
    throw new FilterError(`group_select is ${select}, but an answer has only ${found.length} matches`)
  if (typeof chosen === 'string') return strip(chosen, 'both')
  return strip(chosen.find((group) => group !== '') ?? '', 'both')
}

function extracted(answer: PyValue, settings: PyDict): PyValue {
  const fallback = settings.has('fallback') ? settings.get('fallback')! : '[invalid]'
  const text = typeof answer === 'string' ? answer : ''
  const found = findAll(patternOf(settings), text)
  if (found.length === 0) return fallback
  const select = groupSelect(settings)
  const chosen = found.at(select)
  if (chosen === undefined)
    throw new FilterError(`group_select is ${select}, but an answer has only ${found.length} matches`)
  const group = typeof chosen === 'string' ? chosen : chosen.find((part) => part !== '')
  if (group !== undefined) return strip(group, 'both')
  return typeof fallback === 'string' ? strip(fallback, 'both') : fallback
}

function partsOfSpeech(answer: PyValue, settings: PyDict): PyValue {
  const tags =
    typeof answer === 'string'
      ? findAll("\\('([^']*)', '([^']*)'\\)", answer).map((groups) => groups[1]!)
      : listOf(answer).map((pair) => listOf(pair)[1]!)
  return tags.length > 0 ? tags : (settings.get('fallback') ?? ['invalid'])
}

/** The letter of the choice that an answer names: by the pattern, by a choice's text, or by ": A". */
function multipleChoice(answers: Answers, docs: readonly PyDict[], settings: PyDict): Answers {
  const ignores = (text: string) => ignored(text, settings)
  const fallback = settings.has('fallback') ? settings.get('fallback')! : '[invalid]'
  return answers.map((list, index) => {
    const choices = docs[index]!.get('choices') ?? null
    if (!Array.isArray(choices)) throw new FilterError('multi_choice_regex needs a list "choices" in the document')
    const letters = choices.map((_: PyValue, i: number) => String.fromCodePoint(65 + i))
    const texts = choices.map((choice: PyValue) => ignores(strip(textOf(choice), 'both')))
    const byText = new Map(texts.map((text: string, i: number) => [text, `(${letters[i]})`]))
    const byLetter = new Map(letters.map((letter: string) => [letter, `(${letter})`]))
    // the first choice that matches is taken: one that begins like another must not stand before it
    const escaped: string[] = texts.map(escapeRegex)
    const anyText = escaped.sort((a, b) => codePoints(b) - codePoints(a)).join('|')
    const anyLetter = `:[\\s]*(${letters.join('|')})`
    const select = groupSelect(settings)
    return listOf(list).map((answer) => {
      const text = typeof answer === 'string' ? answer : ''
      const direct = match(patternOf(settings), text, select)
      if (direct) return direct
      const byChoice = match(anyText, ignores(text), select)
      if (byChoice) return byText.get(byChoice) ?? byChoice
      const letter = match(anyLetter, text, select)
      return letter ? (byLetter.get(letter) ?? letter) : fallback
    })
  })
}

function ignored(text: string, settings: PyDict): string {
  let result = text
  for (const pattern of ignoredPatterns(settings)) result = substitute(pattern, '', result)
  if (isTrue(settings.get('ignore_case') ?? false)) result = result.toLowerCase()
  return isTrue(settings.get('ignore_punctuation') ?? false) ? result.replace(/\p{P}/gu, '') : result
}
