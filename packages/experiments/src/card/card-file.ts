import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import {
  checked,
  index,
  isObject,
  jsonObject,
  number,
  object,
  objectOf,
  oneOf,
  recordOf,
  text,
  truth,
} from '@saeval/hub/checks'
import { dumpsJson, fromPlain, isDict, type PyDict, type PyValue, parseJson } from '@saeval/python'
import * as v from 'valibot'
import type { RunSettings } from '../run-settings.js'
import { cardTexts } from './card-texts.js'

/** Names of what a card's folder holds beside its README.md and its page, report.html. */
export const cardNames = {
  card: 'card.json',
  manifest: 'manifest.json',
  statistics: 'statistics.json',
  verification: 'verify.json',
  /** Folder of the results, as they lay in theirs. */
  results: 'results',
  /** Folder of what the results were made of, as it lay below the working folder. */
  files: 'files',
} as const

const listOf = <Item extends v.GenericSchema>(item: Item, expected: string) =>
  v.pipe(v.array(item, expected), v.readonly())
const sha256 = v.pipe(text, v.regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex'))
const hashed = objectOf({
  /** Repository, or folder as it was named. */
  place: text,
  /** Commit of the repository; null for a folder. */
  commit: v.nullable(text),
  path: text,
  bytes: index,
  sha256,
})

const setting = objectOf({
  /** Id of its cell in a sweep; else its results file. */
  id: text,
  label: text,
  /** sae_steered_beta or steered. */
  model: oneOf(['sae_steered_beta', 'steered'], 'sae_steered_beta or steered'),
  model_args: object,
  /** Arguments that name a file: name -> path in the card. */
  paths: recordOf(text),
  /** Of the bytes of the CSV, or the file of vectors, when the results were made. */
  steering_sha256: sha256,
  /** One line for each edit. */
  edits: listOf(text, 'a list of lines'),
  saes: listOf(hashed, 'a list of files'),
  /** Task -> its samples, a path in the card. */
  samples: recordOf(text),
})

const schema = objectOf({
  /** Version of this format. */
  format: v.literal(1, '1'),
  saeval: text,
  /** The command lines that made the results. */
  commands: listOf(text, 'a list of commands'),
  created: text,
  texts: oneOf(cardTexts),
  /** What the tasks were run with; gen_kwargs, metadata and samples as lm_eval has them. */
  run: objectOf({
    tasks: listOf(text, 'a list of names'),
    /** Paths in the card. */
    include_path: listOf(text, 'a list of paths'),
    num_fewshot: v.nullable(index),
    batch_size: text,
    gen_kwargs: v.nullable(object),
    limit: v.nullable(number),
    samples: v.nullable(recordOf(listOf(index, 'a list of documents'))),
    system_instruction: v.nullable(text),
    apply_chat_template: truth,
    fewshot_as_multiturn: v.nullable(truth),
    seed: objectOf({
      random: v.nullable(number),
      numpy: v.nullable(number),
      torch: v.nullable(number),
      fewshot: v.nullable(number),
    }),
    metadata: object,
    allow_inert_rows: truth,
  }),
  /** Whether a task runs code that the model writes. */
  unsafe_code: truth,
  /** Name and hash of the plug-ins that were loaded. */
  plugins: listOf(objectOf({ name: text, sha256: text }), 'a list of plug-ins'),
  /** The unsteered model's files. */
  model: objectOf({ name: text, files: listOf(hashed, 'a list of files') }),
  /** Folders of the machine that made the card: the name -> their copy in the card, or null where it holds none. */
  folders: recordOf(v.nullable(text)),
  /** What SAE folders are called in CSVs: a name as it is written there -> one of `folders`. */
  releases: recordOf(text),
  unsteered: objectOf({ samples: recordOf(text) }),
  settings: v.pipe(v.array(setting, 'a list of settings'), v.minLength(1, 'one setting or more'), v.readonly()),
  environment: recordOf(text),
  /** Data sets of the Hub and their commits when the card was made. */
  datasets: recordOf(v.nullable(text)),
})

/** card.json: what was run, of which files, and where its results lie in the card. */
export type Card = Readonly<v.InferOutput<typeof schema>>
export type CardSetting = Card['settings'][number]
/** A file of a model or an SAE, by what tells its content. */
export type HashedFile = Readonly<v.InferOutput<typeof hashed>>

/** Arguments of runs that tell 1 from 1.0. */
export interface ExactArguments {
  readonly gen_kwargs: PyDict | null
  readonly metadata: PyDict
}

/** card.json as text. */
export function cardText(card: Card, { gen_kwargs: kwargs, metadata }: ExactArguments): string {
  const value = fromPlain(card) as PyDict
  const run = new Map([...(value.get('run') as PyDict), ['gen_kwargs', kwargs], ['metadata', metadata]] as [
    string,
    PyValue,
  ][])
  return `${dumpsJson(new Map([...value, ['run', run]]), { indent: 2, ensureAscii: false })}\n`
}

const largest = 2 ** 26

/** Reads card.json of a card whose files are those of its manifest. Throws InputError for one that is none. */
export function readCard(folder: string): { readonly card: Card; readonly exact: ExactArguments } {
  const path = join(folder, cardNames.card)
  const content = readFileSync(path)
  if (content.length > largest) throw new InputError(`${path} has ${content.length} bytes, expected at most ${largest}`)
  const json = content.toString('utf8')
  const card = checked(`${path} is no card`, schema, jsonObject(path, json, 'it is no card'))
  const run = (parseJson(json) as PyDict).get('run') as PyDict
  const dict = (name: string) => {
    const value = run.get(name) ?? null
    return isDict(value) ? value : null
  }
  return { card, exact: { gen_kwargs: dict('gen_kwargs'), metadata: dict('metadata') ?? new Map() } }
}

/** The settings of a run that are the same for all of a card's settings. */
export function cardRun(run: RunSettings, names: readonly string[], include: readonly string[]): Card['run'] {
  const { num_fewshot, batch_size, limit, samples, system_instruction, apply_chat_template } = run
  return {
    tasks: [...names],
    include_path: [...include],
    num_fewshot,
    batch_size,
    // the exact ones stand in the text
    gen_kwargs: run.gen_kwargs === null ? null : {},
    limit,
    samples: samples === null ? null : Object.fromEntries(samples),
    system_instruction,
    apply_chat_template,
    fewshot_as_multiturn: run.fewshot_as_multiturn,
    seed: run.seed,
    metadata: {},
    allow_inert_rows: run.allow_inert_rows,
  }
}

/** Whether a value is text of a path in a card, as `isCardPath` has it. */
export function isCardPath(path: unknown): path is string {
  return (
    typeof path === 'string' &&
    path.length <= 1024 &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..') &&
    !/[\\:\0-\x1f\x7f]/.test(path)
  )
}

/** A file of JSON of a card. Throws InputError where it is none or has more than 64 MiB. */
export function readCardJson(folder: string, name: string): Readonly<Record<string, unknown>> {
  const path = join(folder, name)
  const content = readFileSync(path)
  if (content.length > largest) throw new InputError(`${path} has ${content.length} bytes, expected at most ${largest}`)
  const value: unknown = jsonObject(path, content.toString('utf8'), 'it is no card')
  if (isObject(value)) return value
  throw new InputError(`${path} is no object`)
}
