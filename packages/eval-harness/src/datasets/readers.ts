import { InputError } from '@saeval/hub'
import type { Split } from '@saeval/python/internal/functions/dataset'
import type { PyDict } from '@saeval/python/internal/values/value'
import { csvChunks } from './csv/csv-chunks.js'
import { csvDialect, csvOptions } from './csv/dialect.js'
import { type DataFile, dataEnding, membersOf } from './files/data-file.js'
import { refuseAgentTraces } from './json/agent-traces.js'
import { jsonChunks } from './json/json-chunks.js'
import { parquetSplit } from './parquet/parquet-split.js'
import type { Feature, Features } from './tables/features.js'
import { type Chunk, chunkFeatures, tableSplit } from './tables/table-split.js'
import { textChunks } from './text-chunks.js'

/** A builder of `datasets`: what reads files of one format. */
type Format = 'json' | 'csv' | 'parquet' | 'text'

/** Formats that dataset_path may name. */
export const formats: readonly string[] = ['json', 'csv', 'parquet', 'text']

/** Builders by file ending. */
const endings: Readonly<Record<string, Format>> = {
  parquet: 'parquet',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  csv: 'csv',
  tsv: 'csv',
  txt: 'text',
}

/** Arguments of each builder that change what is read; those of csv say themselves which values they can have. */
const options: Readonly<Record<Format, ReadonlySet<string>>> = {
  json: new Set(['field', 'encoding']),
  csv: csvOptions,
  parquet: new Set(['columns']),
  text: new Set(['encoding', 'sample_by', 'keep_linebreaks']),
}

/** Whether some builder has an argument of this name. */
export function isReadingOption(name: string): boolean {
  return Object.values(options).some((known) => known.has(name))
}

/** How a dataset's files are read. */
export interface Reading {
  /** For messages. */
  readonly dataset: string
  /** Of a dataset_path that is a format's name; otherwise the files' endings tell. */
  readonly format: string | null
  /** The task's dataset_kwargs. */
  readonly kwargs: PyDict
  readonly signal?: AbortSignal
}

/** Opens files as a split; `schema` are the types of the dataset, where they are known. Throws InputError. */
export async function openSplit(located: readonly DataFile[], schema: Features, reading: Reading): Promise<Split> {
  const { files, format } = await formatOf(located, reading)
  const wanted = (reading.kwargs.get('columns') ?? null) as string | readonly string[] | null
  const columns = typeof wanted === 'string' ? [wanted] : wanted
  return format === 'parquet'
    ? parquetSplit(files, schema, columns, reading.signal)
    : tableSplit(chunks(files, format, reading), schema, reading.signal)
}

/**
 * The types of a split's first rows, which datasets casts all other splits to; null for parquet, whose files tell types themselves, and for
 * a split without rows.
 */
export async function firstFeatures(
  located: readonly DataFile[],
  reading: Reading,
): Promise<ReadonlyMap<string, Feature> | null> {
  const { files, format } = await formatOf(located, reading)
  if (format === 'parquet') return null
  for await (const chunk of chunks(files, format, reading)) return chunkFeatures(chunk)
  return null
}

async function formatOf(
  located: readonly DataFile[],
  { dataset, format, kwargs }: Reading,
): Promise<{ files: DataFile[]; format: Format }> {
  const files = (await Promise.all(located.map(membersOf))).flat()
  const found = (format as Format | null) ?? endings[dataEnding.exec(files[0]!.name)?.[1] ?? '']
  if (found === undefined)
    throw new InputError(
      `${files[0]!.name} is in a format that cannot be read (parquet, jsonl, json, csv, tsv, txt can, also in zip archives)`,
    )
  const unknown = [...kwargs.keys()].find((name) => isReadingOption(name) && !options[found].has(name))
  if (unknown !== undefined)
    throw new InputError(`dataset_kwargs.${unknown} of dataset ${dataset} does not belong to ${found} files`)
  return { files, format: found }
}

function chunks(
  files: readonly DataFile[],
  format: Format,
  { dataset, format: named, kwargs }: Reading,
): AsyncIterable<Chunk> {
  const text = (name: string, fallback: string) => (kwargs.get(name) as string | null | undefined) ?? fallback
  switch (format) {
    case 'csv': {
      const tabs = named === null && dataEnding.exec(files[0]!.name)?.[1] === 'tsv'
      return csvChunks(files, csvDialect(tabs ? new Map([['sep', '\t'], ...kwargs]) : kwargs, dataset))
    }
    case 'json':
      return refuseAgentTraces(
        jsonChunks(files, {
          field: (kwargs.get('field') ?? null) as string | null,
          encoding: text('encoding', 'utf-8'),
        }),
      )
    default:
      return textChunks(files, {
        encoding: text('encoding', 'utf-8'),
        sampleBy: sampleBy(text('sample_by', 'line'), dataset),
        keepLinebreaks: kwargs.get('keep_linebreaks') === true,
      })
  }
}

function sampleBy(value: string, dataset: string): 'line' | 'paragraph' | 'document' {
  if (value === 'line' || value === 'paragraph' || value === 'document') return value
  throw new InputError(`dataset_kwargs.sample_by of dataset ${dataset} is "${value}", not line, paragraph or document`)
}
