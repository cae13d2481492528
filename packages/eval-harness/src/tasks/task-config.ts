import type { FunctionReference } from '@saeval/python/internal/functions/function-reference'
import { isDict, type PyDict, type PyValue } from '@saeval/python/internal/values/value'
import { type FilterPipeline, filterPipelines } from '../filters/filter-config.js'
import { type MetricConfig, metricConfigs } from '../metrics/metric-config.js'
import { defaultMetrics, type OutputType } from '../metrics/metric-registry.js'
import { type Complain, checkFields, complainAbout } from '../yaml/check-fields.js'
import type { YamlValue } from '../yaml/yaml.js'
import { type FewshotConfig, fewshotConfig, fewshotValues } from './fewshot-config.js'
import { generationKwargs, generationRequest } from './generation-config.js'
import { taskFields } from './task-fields.js'

/** A task file after includes and overrides, with lm_eval's defaults. */
export interface TaskConfig {
  readonly task: string
  /** File the task stands in, for messages. */
  readonly file: string
  readonly taskAlias: string | null
  readonly outputType: OutputType
  readonly datasetPath: string | null
  readonly datasetName: string | null
  readonly datasetKwargs: PyDict
  readonly customDataset: FunctionReference | null
  readonly trainingSplit: string | null
  readonly validationSplit: string | null
  readonly testSplit: string | null
  readonly processDocs: FunctionReference | null
  readonly docToText: YamlValue
  readonly docToTarget: YamlValue
  readonly docToChoice: YamlValue
  readonly processResults: FunctionReference | null
  readonly unsafeCode: boolean
  readonly description: string
  readonly targetDelimiter: string
  readonly fewshotDelimiter: string
  readonly fewshot: FewshotConfig
  readonly numFewshot: number | null
  readonly metricList: readonly MetricConfig[]
  /** Of generate_until tasks; null for others. */
  readonly generationKwargs: PyDict | null
  /** How often each request is answered. */
  readonly repeats: number
  readonly filters: readonly FilterPipeline[]
  readonly genPrefix: string | null
  readonly metadata: PyDict
  /** metadata.version as written; "Yaml" without one. */
  readonly version: PyValue
  /** The configuration as results.json shows it, Python functions still as references. */
  readonly dump: ReadonlyMap<string, YamlValue>
}

export interface ConfigSource {
  /** Merged fields. */
  readonly fields: ReadonlyMap<string, YamlValue>
  /** File they come from, for messages. */
  readonly file: string
  /** What results.json shows as metadata.config_source; null leaves it out. */
  readonly label: string | null
}

export interface RunOverrides {
  /** --num_fewshot; a task that says 0 itself keeps 0. null, the flag left out, gives 0 to tasks that say nothing. */
  readonly numFewshot?: number | null
  /** --model_args and --metadata, which lm_eval records in the task's metadata. */
  readonly metadata?: PyDict
  /** --gen_kwargs, over those of generate_until tasks. */
  readonly genKwargs?: PyDict | null
  /** --predict_only: the model is asked, nothing is scored. */
  readonly predictOnly?: boolean
}

/** Fields that this program cannot honour; a task that uses one is refused, never run without it. */
const unsupported: Readonly<Record<string, string>> = {
  doc_to_image: 'needs a model that sees images; saeval has language models only',
  doc_to_audio: 'needs a model that hears; saeval has language models only',
  use_prompt: 'names a promptsource template, which no task of lm_eval uses; write it into doc_to_text',
}

/** Checks a task file's fields and applies defaults. Throws InputError naming file and field. */
export function taskConfig(source: ConfigSource, overrides: RunOverrides = {}): TaskConfig {
  const complain = complainAbout(source.file)
  // structural fields of task files that are not the task's own
  const given = new Map([...source.fields].filter(([name]) => name !== 'task_list' && name !== 'group'))
  checkFields(given, taskFields, complain)
  for (const [name, why] of Object.entries(unsupported))
    if ((given.get(name) ?? null) !== null) throw complain(name, why)
  const merged = new Map<string, YamlValue>(
    taskFields.map(({ name, fallback }) => [name, given.has(name) ? given.get(name)! : fallback]),
  )
  const text = (name: string) => (merged.get(name) ?? null) as string | null
  const reference = (name: string) => (merged.get(name) ?? null) as FunctionReference | null

  const outputType = merged.get('output_type')
  if (!isOutputType(outputType))
    throw complain(
      'output_type',
      `is ${JSON.stringify(outputType)}; there are ${Object.keys(defaultMetrics).join(', ')}`,
    )
  if (text('task') === null) throw complain('task', 'is missing')
  if (text('dataset_path') === null && reference('custom_dataset') === null)
    throw complain('dataset_path', 'is missing')
  if (text('test_split') === null && text('validation_split') === null)
    throw complain('test_split', 'is missing, and there is no validation_split to evaluate instead')
  for (const name of ['doc_to_text', 'doc_to_target', ...(outputType === 'multiple_choice' ? ['doc_to_choice'] : [])])
    if (merged.get(name) === null) throw complain(name, 'is missing')

  applyOverrides(merged, outputType, overrides, complain)
  const metadata = taskMetadata(
    (given.has('metadata') ? given.get('metadata') : new Map()) as PyValue,
    source.label,
    overrides,
  )
  merged.set('metadata', metadata)
  const fewshot = fewshotValues(merged, complain)
  merged.set('fewshot_config', fewshot)
  merged.delete('tag')

  return {
    task: text('task')!,
    file: source.file,
    taskAlias: text('task_alias'),
    outputType,
    datasetPath: text('dataset_path'),
    datasetName: text('dataset_name'),
    datasetKwargs: (merged.get('dataset_kwargs') ?? new Map()) as PyDict,
    customDataset: reference('custom_dataset'),
    trainingSplit: text('training_split'),
    validationSplit: text('validation_split'),
    testSplit: text('test_split'),
    processDocs: reference('process_docs'),
    docToText: merged.get('doc_to_text')!,
    docToTarget: merged.get('doc_to_target')!,
    docToChoice: merged.get('doc_to_choice')!,
    processResults: overrides.predictOnly ? null : reference('process_results'),
    unsafeCode: merged.get('unsafe_code') === true,
    description: text('description') ?? '',
    targetDelimiter: text('target_delimiter') ?? '',
    fewshotDelimiter: text('fewshot_delimiter') ?? '',
    fewshot: fewshotConfig(fewshot, complain),
    numFewshot: merged.get('num_fewshot') as number | null,
    metricList: metricConfigs(
      merged.get('metric_list') ?? null,
      outputType,
      !overrides.predictOnly && reference('process_results') !== null,
      complain,
    ),
    generationKwargs: outputType === 'generate_until' ? (merged.get('generation_kwargs') as PyDict) : null,
    repeats: (merged.get('repeats') as number | null) ?? 1,
    filters: filterPipelines(merged.get('filter_list') ?? null, complain),
    genPrefix: text('gen_prefix'),
    metadata,
    version: metadata.get('version') ?? 'Yaml',
    dump: new Map([...merged].filter(([, value]) => value !== null)),
  }
}

function isOutputType(value: YamlValue | undefined): value is OutputType {
  return typeof value === 'string' && Object.hasOwn(defaultMetrics, value)
}

function applyOverrides(
  merged: Map<string, YamlValue>,
  outputType: OutputType,
  { numFewshot, genKwargs, predictOnly }: RunOverrides,
  complain: Complain,
): void {
  const declared = merged.get('num_fewshot') as number | null
  const fallback = numFewshot === null ? 0 : null
  merged.set('num_fewshot', declared === 0 ? 0 : (numFewshot ?? declared ?? fallback))
  const given = merged.get('generation_kwargs') as PyDict | null
  if (given !== null || outputType === 'generate_until') {
    const kwargs = generationKwargs(given, (merged.get('fewshot_delimiter') as string | null) ?? '', complain)
    const all = outputType === 'generate_until' ? new Map([...kwargs, ...(genKwargs ?? [])]) : kwargs
    merged.set('generation_kwargs', all)
    // says at once what the model could not be asked for
    if (outputType === 'generate_until') generationRequest('', all, complain)
  }
  if (!predictOnly) return
  merged.set('metric_list', [new Map([['metric', 'bypass']])])
  merged.set('process_results', 'process_results')
}

function taskMetadata(given: PyValue, label: string | null, { metadata }: RunOverrides): PyDict {
  return new Map([
    ...(isDict(given) ? given : new Map([['_metadata', given]])),
    ...(metadata ?? []),
    ...(label === null ? [] : [['config_source', label] as const]),
  ])
}
