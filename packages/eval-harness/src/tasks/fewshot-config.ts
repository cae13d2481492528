import { FunctionReference } from '@saeval/python/internal/functions/function-reference'
import { isDict, type PyDict, type PyValue } from '@saeval/python/internal/values/value'
import { type Complain, checkFields } from '../yaml/check-fields.js'
import type { YamlValue } from '../yaml/yaml.js'
import { fewshotFields } from './task-fields.js'

/** How few-shot examples are chosen and written. */
export interface FewshotConfig {
  readonly sampler: 'default' | 'first_n'
  readonly split: string | null
  readonly processDocs: FunctionReference | null
  /** Examples of the task file itself, or a Python function that gives them. */
  readonly samples: readonly PyDict[] | FunctionReference | null
  readonly docToText: YamlValue
  readonly docToChoice: YamlValue
  readonly docToTarget: YamlValue
  readonly genPrefix: string | null
  readonly fewshotDelimiter: string
  readonly targetDelimiter: string
}

/** fewshot_config with what it inherits from the task, in the order in which lm_eval lists it. */
export function fewshotValues(
  task: ReadonlyMap<string, YamlValue>,
  complain: Complain,
): ReadonlyMap<string, YamlValue> {
  const own = (task.get('fewshot_config') ?? new Map()) as ReadonlyMap<string, YamlValue>
  checkFields(own, fewshotFields, complain, 'fewshot_config.')
  return new Map(
    fewshotFields.map(({ name, inherits, fallback }) => [
      name,
      own.has(name) ? own.get(name)! : inherits === null ? fallback : (task.get(inherits) ?? null),
    ]),
  )
}

/** Reads the values of fewshotValues. */
export function fewshotConfig(values: ReadonlyMap<string, YamlValue>, complain: Complain): FewshotConfig {
  const sampler = values.get('sampler') ?? 'default'
  if (sampler !== 'default' && sampler !== 'first_n')
    throw complain('fewshot_config.sampler', `is "${sampler}"; there are default and first_n`)
  const samples = values.get('samples') ?? null
  const isList = Array.isArray(samples) && (samples as readonly YamlValue[]).every(isDict)
  if (samples !== null && !isList && !(samples instanceof FunctionReference))
    throw complain('fewshot_config.samples', 'is neither a list of documents nor a Python function')
  const text = (name: string) => (values.get(name) ?? null) as string | null
  return {
    sampler,
    split: text('split'),
    processDocs: (values.get('process_docs') ?? null) as FunctionReference | null,
    samples: samples as readonly PyDict[] | FunctionReference | null,
    docToText: values.get('doc_to_text') as YamlValue,
    docToChoice: values.get('doc_to_choice') as YamlValue,
    docToTarget: values.get('doc_to_target') as YamlValue,
    genPrefix: text('gen_prefix'),
    fewshotDelimiter: text('fewshot_delimiter') ?? '',
    targetDelimiter: text('target_delimiter') ?? '',
  }
}

/** What lm_eval's dump shows of a value that holds Python functions in places where it does not print their source. */
export function withoutFunctions(value: YamlValue, show: (reference: FunctionReference) => PyValue): PyValue {
  if (value instanceof FunctionReference) return show(value)
  if (Array.isArray(value)) return (value as readonly YamlValue[]).map((item) => withoutFunctions(item, show))
  if (isDict(value))
    return new Map(
      [...(value as ReadonlyMap<string, YamlValue>)].map(([key, item]) => [key, withoutFunctions(item, show)]),
    )
  return value as PyValue
}
