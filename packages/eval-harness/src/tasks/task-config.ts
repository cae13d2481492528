import { InputError } from '@saeval/hub'
import { isDict, type PyDict, type PyValue } from '../python/value.js'
import { FunctionReference, type YamlValue } from './yaml.js'

/** A template, a column name, an int or a list: what doc_to_text and its kin may be. */
type DocTo = PyValue

export interface FewshotConfig {
  readonly sampler: 'default' | 'first_n'
  readonly split: string | null
  readonly samples: readonly PyDict[] | null
  readonly docToText: DocTo
  readonly docToChoice: DocTo
  readonly docToTarget: DocTo
  readonly genPrefix: string | null
  readonly fewshotDelimiter: string
  readonly targetDelimiter: string
}

/** A metric of metric_list with its settings. */
export interface MetricConfig {
  readonly metric: string
  /** null takes the metric's own. */
  readonly aggregation: string | null
  /** Left out, the metric's own. */
  readonly higherIsBetter?: boolean | null
}

/** A task file after includes and overrides, with lm_eval's defaults. */
export interface TaskConfig {
  readonly task: string
  readonly taskAlias: string | null
  readonly datasetPath: string
  readonly datasetName: string | null
  readonly datasetKwargs: PyDict
  readonly trainingSplit: string | null
  readonly validationSplit: string | null
  readonly testSplit: string | null
  readonly docToText: DocTo
  readonly docToTarget: DocTo
  readonly docToChoice: DocTo
  readonly description: string
  readonly targetDelimiter: string
  readonly fewshotDelimiter: string
  readonly fewshot: FewshotConfig
  readonly numFewshot: number | null
  readonly metricList: readonly MetricConfig[]
  readonly genPrefix: string | null
  /** metadata.version as written; "Yaml" without one. */
  readonly version: PyValue
  /** The configuration as results.json shows it. */
  readonly dump: PyDict
}

/** Fields of a task file in the order in which results.json lists them, with their defaults. */
const fields: readonly (readonly [name: string, fallback: PyValue])[] = [
  ['task', null],
  ['task_alias', null],
  ['tag', null],
  ['custom_dataset', null],
  ['dataset_path', null],
  ['dataset_name', null],
  ['dataset_kwargs', null],
  ['training_split', null],
  ['validation_split', null],
  ['test_split', null],
  ['fewshot_split', null],
  ['process_docs', null],
  ['doc_to_text', null],
  ['doc_to_target', null],
  ['doc_to_image', null],
  ['doc_to_audio', null],
  ['unsafe_code', false],
  ['doc_to_choice', null],
  ['process_results', null],
  ['use_prompt', null],
  ['description', ''],
  ['target_delimiter', ' '],
  ['fewshot_delimiter', '\n\n'],
  ['fewshot_config', null],
  ['num_fewshot', null],
  ['metric_list', null],
  ['output_type', 'generate_until'],
  ['generation_kwargs', null],
  ['repeats', 1],
  ['filter_list', null],
  ['should_decontaminate', false],
  ['doc_to_decontamination_query', null],
  ['gen_prefix', null],
  ['metadata', null],
]
const fewshotFields = [
  'sampler',
  'split',
  'process_docs',
  'fewshot_indices',
  'samples',
  'doc_to_text',
  'doc_to_choice',
  'doc_to_target',
  'gen_prefix',
  'fewshot_delimiter',
  'target_delimiter',
]
const fieldNames = new Set(fields.map(([name]) => name))

/** Fields that only a later milestone can honour; a task that uses one is refused, never run without it. */
const unsupported = [
  'custom_dataset',
  'process_docs',
  'doc_to_image',
  'doc_to_audio',
  'process_results',
  'use_prompt',
  'filter_list',
]

export interface ConfigSource {
  /** Merged fields. */
  readonly fields: ReadonlyMap<string, YamlValue>
  /** File they come from, for messages. */
  readonly file: string
  /** What results.json shows as metadata.config_source. */
  readonly label: string
}

export interface RunOverrides {
  /** --num_fewshot; a task that says 0 itself keeps 0. null, the flag left out, gives 0 to tasks that say nothing. */
  readonly numFewshot?: number | null
  /** --model_args, which lm_eval records in the task's metadata. */
  readonly metadata?: PyDict
}

/** Checks a task file's fields and applies defaults. Throws InputError naming file and field. */
export function taskConfig(source: ConfigSource, overrides: RunOverrides = {}): TaskConfig {
  const complain = (field: string, what: string) => new InputError(`${source.file}: ${field} ${what}`)
  for (const [name, value] of source.fields) {
    if (!fieldNames.has(name)) throw complain(name, 'is not a field of a task file')
    const where = functionIn(value)
    if (where !== null) throw complain(name, `uses the Python function ${where}, which cannot be run yet`)
    if (unsupported.includes(name) && value !== null) throw complain(name, 'is not supported yet')
  }
  const merged = new Map(fields.map(([name, fallback]) => [name, (source.fields.get(name) ?? fallback) as PyValue]))
  const text = (name: string): string | null => {
    const value = merged.get(name) ?? null
    if (value !== null && typeof value !== 'string') throw complain(name, 'is not a text')
    return value
  }
  const outputType = merged.get('output_type')
  if (outputType !== 'multiple_choice')
    throw complain('output_type', `is ${JSON.stringify(outputType)}; only multiple_choice tasks can be run yet`)
  const needed = (name: string): string => text(name) ?? fail(complain(name, 'is missing'))

  const declared = merged.get('num_fewshot')
  const fallback = overrides.numFewshot === null ? 0 : null
  const numFewshot = declared === 0 ? 0 : (overrides.numFewshot ?? (declared as number | null) ?? fallback)
  if (numFewshot !== null && (!Number.isInteger(numFewshot) || numFewshot < 0))
    throw complain('num_fewshot', 'is not a whole number from 0')
  merged.set('num_fewshot', numFewshot)
  const metadata = new Map([
    ...((merged.get('metadata') as PyDict | null) ?? []),
    ...(overrides.metadata ?? []),
    ['config_source', source.label],
  ])
  merged.set('metadata', metadata)
  const fewshot = fewshotDump(merged, complain)
  merged.set('fewshot_config', fewshot)
  merged.delete('tag')

  return {
    task: needed('task'),
    taskAlias: text('task_alias'),
    datasetPath: needed('dataset_path'),
    datasetName: text('dataset_name'),
    datasetKwargs: (merged.get('dataset_kwargs') as PyDict | null) ?? new Map(),
    trainingSplit: text('training_split'),
    validationSplit: text('validation_split'),
    testSplit: text('test_split'),
    docToText: merged.get('doc_to_text')!,
    docToTarget: merged.get('doc_to_target')!,
    docToChoice: merged.get('doc_to_choice')!,
    description: text('description') ?? '',
    targetDelimiter: text('target_delimiter') ?? ' ',
    fewshotDelimiter: text('fewshot_delimiter') ?? '\n\n',
    fewshot: fewshotConfig(fewshot, complain),
    numFewshot,
    metricList: metrics(merged.get('metric_list') ?? null, complain),
    genPrefix: text('gen_prefix'),
    version: metadata.get('version') ?? 'Yaml',
    dump: new Map([...merged].filter(([, value]) => value !== null)),
  }
}

type Complain = (field: string, what: string) => InputError

function fail(error: Error): never {
  throw error
}

/** The first Python function inside a value. */
function functionIn(value: YamlValue): string | null {
  if (value instanceof FunctionReference) return value.name
  const parts = Array.isArray(value) ? value : value instanceof Map ? [...value.values()] : []
  for (const part of parts as YamlValue[]) {
    const found = functionIn(part)
    if (found !== null) return found
  }
  return null
}

/** fewshot_config with what it inherits from the task, in the order in which lm_eval lists it. */
function fewshotDump(task: ReadonlyMap<string, PyValue>, complain: Complain): PyDict {
  const own = task.get('fewshot_config') ?? new Map<string, PyValue>()
  if (!isDict(own)) throw complain('fewshot_config', 'is not a mapping')
  for (const name of own.keys())
    if (!fewshotFields.includes(name)) throw complain(`fewshot_config.${name}`, 'is not a field of fewshot_config')
  for (const name of ['process_docs', 'fewshot_indices'])
    if (own.get(name) != null) throw complain(`fewshot_config.${name}`, 'is not supported yet')
  const inherited: Readonly<Record<string, string>> = {
    split: 'fewshot_split',
    doc_to_text: 'doc_to_text',
    doc_to_choice: 'doc_to_choice',
    doc_to_target: 'doc_to_target',
    gen_prefix: 'gen_prefix',
    fewshot_delimiter: 'fewshot_delimiter',
    target_delimiter: 'target_delimiter',
  }
  return new Map(
    fewshotFields.map((name) => {
      const fallback = name === 'sampler' ? 'default' : name in inherited ? (task.get(inherited[name]!) ?? null) : null
      return [name, own.has(name) ? own.get(name)! : fallback]
    }),
  )
}

function fewshotConfig(dump: PyDict, complain: Complain): FewshotConfig {
  const sampler = dump.get('sampler')
  if (sampler !== 'default' && sampler !== 'first_n')
    throw complain('fewshot_config.sampler', 'is neither default nor first_n')
  const samples = dump.get('samples') ?? null
  if (samples !== null && !(Array.isArray(samples) && samples.every(isDict)))
    throw complain('fewshot_config.samples', 'is not a list of documents')
  return {
    sampler,
    split: dump.get('split') as string | null,
    samples: samples as readonly PyDict[] | null,
    docToText: dump.get('doc_to_text')!,
    docToChoice: dump.get('doc_to_choice')!,
    docToTarget: dump.get('doc_to_target')!,
    genPrefix: dump.get('gen_prefix') as string | null,
    fewshotDelimiter: (dump.get('fewshot_delimiter') as string | null) ?? '\n\n',
    targetDelimiter: (dump.get('target_delimiter') as string | null) ?? ' ',
  }
}

const metricKeys = ['metric', 'aggregation', 'higher_is_better']

function metrics(list: PyValue, complain: Complain): MetricConfig[] {
  if (list === null) return ['acc', 'acc_norm'].map((metric) => ({ metric, aggregation: null }))
  if (!Array.isArray(list)) throw complain('metric_list', 'is not a list')
  return (list as readonly PyValue[]).map((entry) => {
    const metric = isDict(entry) ? entry.get('metric') : undefined
    if (!isDict(entry) || typeof metric !== 'string') throw complain('metric_list', 'has an entry without a metric')
    const unknown = [...entry.keys()].find((key) => !metricKeys.includes(key))
    if (unknown !== undefined) throw complain(`metric_list.${metric}.${unknown}`, 'is not supported yet')
    return {
      metric,
      aggregation: (entry.get('aggregation') as string | undefined) ?? null,
      ...(entry.has('higher_is_better') ? { higherIsBetter: entry.get('higher_is_better') as boolean | null } : {}),
    }
  })
}
