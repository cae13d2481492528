import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { index, number, objectOf, text } from '@saeval/hub/checks'
import * as v from 'valibot'
import { readResultsJson } from './results-json.js'

/** A part of a change: what a row of the CSV, or acting at some positions, adds to it. */
const partSchema = objectOf({
  /** The row, as "forget_dogs.csv:2: clamp_active -20 latent 121"; or the text of the positions. */
  what: text,
  /** In nats. The parts of one kind add up to the change. */
  part: number,
  /** Standard error, where orders were sampled; null where all were counted. */
  error: v.nullable(number),
})

const answerSchema = objectOf({
  text,
  /** Log-probability of the unsteered model's answer above the steered model's, in nats, by this model. */
  margin: number,
})

const documentSchema = objectOf({
  task: text,
  doc_id: index,
  /** What the unsteered and the steered model answer. */
  before: answerSchema,
  after: answerSchema,
  rows: v.array(partSchema, 'a list of parts'),
  positions: v.array(partSchema, 'a list of parts'),
})

const schema = objectOf({
  saeval: text,
  command: text,
  model: text,
  csv: text,
  /** Seed of sampled orders. */
  seed: index,
  /** Answers that changed; those with the largest change of margin are in `documents`. */
  changed: index,
  /** Documents that were asked. */
  asked: index,
  documents: v.array(documentSchema, 'a list of documents'),
})

/** What explained_NAME.json holds: why answers flipped under one CSV. */
export type Explanation = v.InferOutput<typeof schema>
/** One changed answer of it. */
export type ExplainedAnswer = Explanation['documents'][number]
/** A part of the change of its margin. */
export type ExplainedPart = ExplainedAnswer['rows'][number]

/** The explanations in a folder, by name of file; none where there are none. Throws InputError for a file that is none. */
export async function readExplanations(path: string): Promise<Explanation[]> {
  const folder = (await stat(path)).isDirectory() ? path : dirname(path)
  const names = (await readdir(folder)).filter((name) => /^explained_.*\.json$/.test(name)).sort()
  return Promise.all(names.map((name) => readResultsJson(join(folder, name), 'a file of explanations', schema)))
}
