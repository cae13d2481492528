import { createHash } from 'node:crypto'
import type { LoglikelihoodRequest, LoglikelihoodResult } from '../language-model.js'
import { dumpsJson } from '../python/json.js'
import { floatRepr, pyStr } from '../python/text.js'
import type { PyDict, PyValue } from '../python/value.js'

export interface Sample {
  /** Place in the split. */
  readonly docId: number
  readonly doc: PyDict
  readonly target: PyValue
  readonly requests: readonly LoglikelihoodRequest[]
  readonly results: readonly LoglikelihoodResult[]
  readonly filter: string
  readonly metrics: ReadonlyMap<string, PyValue>
}

/** A line of samples_<task>.jsonl as lm_eval writes it: answers as texts, SHA-256 hashes of document, first prompt and target. */
export function sampleLine(sample: Sample): PyDict {
  const { requests, results } = sample
  const answers = results.map(({ logprob, isGreedy }) => [floatRepr(logprob), pyStr(isGreedy)])
  return new Map<string, PyValue>([
    ['doc_id', sample.docId],
    ['doc', sample.doc],
    ['target', pyStr(sample.target)],
    [
      'arguments',
      new Map(
        requests.map(({ context, continuation }, i) => [
          `gen_args_${i}`,
          new Map([
            ['arg_0', context],
            ['arg_1', continuation],
          ]),
        ]),
      ),
    ],
    ['resps', answers.map((answer) => [answer])],
    ['filtered_resps', answers],
    ['filter', sample.filter],
    ['metrics', [...sample.metrics.keys()]],
    ['doc_hash', sha256(dumpsJson(sample.doc, { indent: 2, ensureAscii: false }))],
    ['prompt_hash', sha256(requests[0]!.context)],
    ['target_hash', sha256(pyStr(sample.target))],
    ...sample.metrics,
  ])
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
