import type { PyDict } from '@saeval/python'

/** What a run is asked for, under lm_eval's names: what its results file records, and what a sweep does with each cell. */
export interface RunSettings {
  readonly model: string
  readonly model_args: PyDict
  readonly tasks: readonly string[]
  readonly num_fewshot: number | null
  readonly batch_size: string
  readonly max_batch_size: number | null
  readonly device: string | null
  /** A share of the device's memory up to 1, or bytes. */
  readonly gpu_memory: number | null
  readonly gen_kwargs: PyDict | null
  readonly output_path: string | null
  /** Documents per task: a number, or below 1 a fraction. */
  readonly limit: number | null
  readonly log_samples: boolean
  /** Whether answers are written and not scored; false by default. */
  readonly predict_only?: boolean
  readonly samples: ReadonlyMap<string, readonly number[]> | null
  readonly system_instruction: string | null
  readonly apply_chat_template: boolean
  readonly fewshot_as_multiturn: boolean | null
  readonly include_path: readonly string[]
  readonly seed: Seeds
  readonly metadata: PyDict
  readonly confirm_run_unsafe_code: boolean
  readonly use_cache: string | null
  readonly allow_inert_rows: boolean
}

/** lm_eval's four seeds; null leaves one unset. The last is for few-shot examples, torch's for sampled generation. */
export interface Seeds {
  readonly random: number | null
  readonly numpy: number | null
  readonly torch: number | null
  readonly fewshot: number | null
}
