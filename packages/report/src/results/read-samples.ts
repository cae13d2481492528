import { checked, isObject, object, objectOf, text } from '@saeval/hub/checks'
import { textLines } from '@saeval/hub/internal/text-lines'
import * as v from 'valibot'
import { checkedJson, checkFile } from './results-json.js'

/** What a sample file says about one document under one filter. */
export interface Sample {
  readonly docId: number
  readonly docHash: string
  readonly filter: string
  /** The context that the model saw. */
  readonly prompt: string
  /** Continuations that were scored; empty for generated answers. */
  readonly choices: readonly string[]
  /** Log-probabilities of the choices, in nats; null for generated answers. */
  readonly logprobs: readonly number[] | null
  /** What the filters made of the generated text; null for scored choices. */
  readonly answer: string | null
  readonly target: string
  /** The document's value of each metric that is a number per document. */
  readonly metrics: ReadonlyMap<string, number>
}

const schema = objectOf({
  doc_id: v.number('a number'),
  doc_hash: v.nullish(text, ''),
  filter: text,
  target: v.optional(v.unknown()),
  arguments: v.custom<object>((value) => typeof value === 'object' && value !== null, 'an object of requests'),
  filtered_resps: v.array(v.unknown(), 'a list'),
  metrics: v.array(text, 'a list of names'),
})

/**
 * Reads a samples_….jsonl line by line; of lines that `isWanted` refuses nothing but the text is looked at. Throws InputError naming file and line for one
 * that is not a sample.
 */
export async function* readSamples(
  path: string,
  isWanted: (json: string) => boolean = () => true,
): AsyncGenerator<Sample> {
  await checkFile(path)
  let number = 0
  for await (const json of textLines(path)) {
    number++
    if (json.trim() === '' || !isWanted(json)) continue
    const place = `${path}:${number} is not a sample of a results folder`
    const values = checkedJson(place, json, object)
    yield sampleOf(checked(place, schema, values), values)
  }
}

function sampleOf(line: v.InferOutput<typeof schema>, values: Readonly<Record<string, unknown>>): Sample {
  const all = Object.values(line.arguments).filter(isObject)
  // acc_mutual_info asks for each choice once more without its context, behind the others
  const isMutual = line.metrics.includes('acc_mutual_info')
  const requests = isMutual ? all.slice(0, all.length / 2) : all
  const pairs = (isMutual ? line.filtered_resps.slice(0, requests.length) : line.filtered_resps).map(logprobOf)
  const scored = pairs.length > 0 && pairs.every((logprob) => logprob !== null)
  return {
    docId: line.doc_id,
    docHash: line.doc_hash,
    filter: line.filter,
    prompt: shownText(requests[0]?.arg_0),
    choices: scored ? choicesOf(requests.slice(0, pairs.length)) : [],
    logprobs: scored ? pairs : null,
    answer: scored ? null : shownText(line.filtered_resps[0]),
    target: shownText(line.target),
    metrics: new Map(
      line.metrics.flatMap((metric) => {
        const value = values[metric]
        return typeof value === 'number' || typeof value === 'boolean' ? [[metric, Number(value)]] : []
      }),
    ),
  }
}

/** What tells the scored requests apart: their continuations, or, where those are all the same (winogrande), their contexts. */
function choicesOf(requests: readonly Readonly<Record<string, unknown>>[]): string[] {
  const continuations = requests.map((request) => shownText(request.arg_1))
  if (requests.length < 2 || new Set(continuations).size > 1) return continuations
  return requests.map((request) => shownText(request.arg_0))
}

/** lm_eval writes the pair (log-probability, is greedy) as two strings. */
function logprobOf(response: unknown): number | null {
  if (!Array.isArray(response) || response.length !== 2 || !/^(True|False)$/.test(String(response[1]))) return null
  // as Python writes them: "-inf"
  const logprob = Number(String(response[0]).replace(/inf$/, 'Infinity'))
  return Number.isNaN(logprob) ? null : logprob
}

function shownText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
