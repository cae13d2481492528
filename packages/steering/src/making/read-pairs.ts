import { extname } from 'node:path'
import { InputError } from '@saeval/hub'
import { checked, jsonObject, objectOf, text } from '@saeval/hub/checks'
import { parse } from 'csv-parse/sync'
import { readSteeringBytes } from '../edits/read-steering-file.js'

/** A text that is read: an answer behind its context, which is empty where nothing tells them apart. */
export interface ReadText {
  readonly context: string
  readonly answer: string
}

/** Two texts that differ in what a vector is to be made of. */
export interface TextPair {
  readonly positive: ReadText
  readonly negative: ReadText
}

const plain = objectOf({ positive: text, negative: text })
/** Anthropic's model-written evaluations, as lm_eval's model_written_evals reads them. */
const written = objectOf({ question: text, answer_matching_behavior: text, answer_not_matching_behavior: text })

/**
 * Reads pairs of texts: a .csv with columns positive and negative, or one object a line (.jsonl) with these fields; or with question,
 * answer_matching_behavior and answer_not_matching_behavior, the answers then put after the question. Throws InputError that names the line.
 */
export async function readPairs(path: string): Promise<readonly TextPair[]> {
  const content = Buffer.from(await readSteeringBytes('pairs', path)).toString('utf8')
  const rows = extname(path).toLowerCase() === '.csv' ? csvRows(path, content) : lines(path, content)
  if (rows.length === 0) throw new InputError(`${path} has no pairs`)
  return rows.map(([place, row]) => {
    if (!('question' in row)) {
      const { positive, negative } = checked(place, plain, row)
      return different(place, '', positive, negative)
    }
    const { question, answer_matching_behavior: yes, answer_not_matching_behavior: no } = checked(place, written, row)
    return different(place, question, yes, no)
  })
}

function different(place: string, context: string, positive: string, negative: string): TextPair {
  if (context + positive === '' || context + negative === '')
    throw new InputError(`${place}: one of the texts is empty`)
  if (positive === negative) throw new InputError(`${place}: both texts are the same`)
  return { positive: { context, answer: positive }, negative: { context, answer: negative } }
}

type Row = readonly [place: string, row: Readonly<Record<string, unknown>>]

function csvRows(path: string, content: string): readonly Row[] {
  try {
    const records = parse(content, { columns: true, bom: true, skip_empty_lines: true, info: true }) as {
      info: { lines: number }
      record: Record<string, string>
    }[]
    return records.map(({ record, info }) => [`${path}:${info.lines}`, record])
  } catch (cause) {
    throw new InputError(`${path} is no CSV: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

function lines(path: string, content: string): readonly Row[] {
  return content.split('\n').flatMap((line, number): Row[] => {
    const place = `${path}:${number + 1}`
    return line.trim() === '' ? [] : [[place, jsonObject(place, line, 'write a JSON object in each line')]]
  })
}
