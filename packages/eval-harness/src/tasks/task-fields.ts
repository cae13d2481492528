import type { PyValue } from '@saeval/python/internal/values/value'
import type { Field, FieldKind } from '../yaml/check-fields.js'

const field = (name: string, kind: FieldKind, fallback: PyValue = null): Field => ({ name, kind, fallback })

/** Fields of a task file in the order in which results.json lists them, with lm_eval's defaults. */
export const taskFields: readonly Field[] = [
  field('task', 'text'),
  field('task_alias', 'text'),
  field('tag', 'texts'),
  field('custom_dataset', 'function'),
  field('dataset_path', 'text'),
  field('dataset_name', 'text'),
  field('dataset_kwargs', 'mapping'),
  field('training_split', 'text'),
  field('validation_split', 'text'),
  field('test_split', 'text'),
  field('fewshot_split', 'text'),
  field('process_docs', 'function'),
  field('doc_to_text', 'rule'),
  field('doc_to_target', 'rule'),
  field('doc_to_image', 'rule'),
  field('doc_to_audio', 'rule'),
  field('unsafe_code', 'truth', false),
  field('doc_to_choice', 'rule'),
  field('process_results', 'function'),
  field('use_prompt', 'text'),
  field('description', 'text', ''),
  field('target_delimiter', 'text', ' '),
  field('fewshot_delimiter', 'text', '\n\n'),
  field('fewshot_config', 'mapping'),
  field('num_fewshot', 'count'),
  field('metric_list', 'list'),
  field('output_type', 'text', 'generate_until'),
  field('generation_kwargs', 'mapping'),
  field('repeats', 'count', 1),
  field('filter_list', 'list'),
  field('should_decontaminate', 'truth', false),
  field('doc_to_decontamination_query', 'rule'),
  field('gen_prefix', 'text'),
  field('metadata', 'any'),
]

/** Fields of fewshot_config; those with a task field behind them take its value where they are left out. */
export const fewshotFields: readonly (Field & { readonly inherits: string | null })[] = [
  { ...field('sampler', 'text', 'default'), inherits: null },
  { ...field('split', 'text'), inherits: 'fewshot_split' },
  { ...field('process_docs', 'function'), inherits: 'process_docs' },
  { ...field('fewshot_indices', 'list'), inherits: null },
  { ...field('samples', 'rule'), inherits: null },
  { ...field('doc_to_text', 'rule'), inherits: 'doc_to_text' },
  { ...field('doc_to_choice', 'rule'), inherits: 'doc_to_choice' },
  { ...field('doc_to_target', 'rule'), inherits: 'doc_to_target' },
  { ...field('gen_prefix', 'text'), inherits: 'gen_prefix' },
  { ...field('fewshot_delimiter', 'text'), inherits: 'fewshot_delimiter' },
  { ...field('target_delimiter', 'text'), inherits: 'target_delimiter' },
]
