import { createHash } from 'node:crypto'
import { dumpsJson } from '@saeval/python/internal/json/json'
import { pyStr } from '@saeval/python/internal/text/text'
import { numberOf, type PyDict, type PyValue } from '@saeval/python/internal/values/value'
import { requestArguments, type TaskRequest } from '../requests/task-request.js'
import { numpyText } from './numpy-text.js'

export interface Sample {
  /** Place in the split. */
  readonly docId: number
  readonly doc: PyDict
  readonly target: PyValue
  readonly requests: readonly TaskRequest[]
  /** The model's answers, a list for each request. */
  readonly answers: readonly (readonly PyValue[])[]
  /** What the filter made of them, one value for each request. */
  readonly filtered: readonly PyValue[]
  readonly filter: string
  readonly metrics: ReadonlyMap<string, PyValue>
}

/** A line of samples_<task>.jsonl as lm_eval writes it: answers as texts, SHA-256 hashes of document, first prompt and target. */
export function sampleLine(sample: Sample): PyDict {
  const args = sample.requests.map(requestArguments)
  return new Map<string, PyValue>([
    ['doc_id', sample.docId],
    ['doc', sample.doc],
    ['target', pyStr(sample.target)],
    [
      'arguments',
      new Map(
        args.map((list, i) => [`gen_args_${i}`, new Map(list.map((argument, j) => [`arg_${j}`, argument] as const))]),
      ),
    ],
    ['resps', asTexts(sample.answers)],
    ['filtered_resps', asTexts(sample.filtered)],
    ['filter', sample.filter],
    ['metrics', [...sample.metrics.keys()]],
    ['doc_hash', sha256(dumpsJson(sample.doc, { indent: 2, ensureAscii: false }))],
    ['prompt_hash', sha256(args[0]![0] as string)],
    ['target_hash', sha256(pyStr(sample.target))],
    ...[...sample.metrics].map(([name, value]) => [name, shown(name, value)] as const),
  ])
}

/** Everything but lists as text. */
function asTexts(value: PyValue | readonly (readonly PyValue[])[]): PyValue {
  return Array.isArray(value) ? value.map(asTexts) : pyStr(value as PyValue)
}

/** The probabilities beside a Brier score's answer are a numpy array in lm_eval, which stands as text in its files. */
function shown(name: string, value: PyValue): PyValue {
  if (name !== 'brier_score' || !Array.isArray(value) || !Array.isArray(value[1])) return value
  return [value[0], numpyText((value[1] as PyValue[]).map((item) => numberOf(item)!))]
}

/** What results.json says under task_hashes: the hash of all the lines' hashes. */
export function taskHash(lines: readonly PyDict[]): string {
  return sha256(
    lines.map((line) => ['doc_hash', 'prompt_hash', 'target_hash'].map((key) => line.get(key)).join('')).join(''),
  )
}

/** SHA-256 of the UTF-8 text, in hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
