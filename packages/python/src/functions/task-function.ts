import { InputError } from '@saeval/hub'
import type { PyDict, PyValue } from '../values/value.js'
import type { Dataset, Split } from './dataset.js'
import type { FunctionReference } from './function-reference.js'

/**
 * What a Python function of a task file is called for, and with which arguments:
 * - doc_to_text, doc_to_target, doc_to_choice, doc_to_decontamination_query: (doc)
 * - process_results: (doc, results), a dict of values by metric
 * - metric: () with the keywords references, predictions and the metric's settings; or, where that raises a TypeError, ([gold, prediction])
 * - aggregation: (items)
 * - filter: (resps, docs) with the filter's settings as keywords; for a class, an instance made with the settings whose `apply` is called
 * - filter_fn: (resps, docs), the function of the registered filter "custom"
 * - samples: (), a list of documents (fewshot_config.samples)
 * - process_docs: not called this way, but shown in results.json; FunctionResolver.processDocs runs it
 */
export type FunctionUse =
  | 'process_docs'
  | 'doc_to_text'
  | 'doc_to_target'
  | 'doc_to_choice'
  | 'process_results'
  | 'metric'
  | 'aggregation'
  | 'filter'
  | 'filter_fn'
  | 'samples'

/** A Python function of a task file, ready to be called. */
export interface TaskFunction {
  readonly reference: FunctionReference
  /** Python's source text of the function as inspect.getsource gives it, which results.json shows; null where there is none. */
  readonly source: string | null
  /** Throws TaskFunctionError where the Python function raises. Tuples come back as lists. */
  call(args: readonly PyValue[], keywords?: PyDict): Promise<PyValue>
}

/** A Python exception that a task's function raised. */
export class TaskFunctionError extends Error {
  override name = 'TaskFunctionError'

  constructor(
    /** Class of the exception: "TypeError", "KeyError". */
    readonly exception: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/**
 * Finds what stands behind the `!function` references of task files. Every method throws InputError naming the file and the function
 * where it cannot be run, and says why.
 */
export interface FunctionResolver {
  resolve(reference: FunctionReference, use: FunctionUse): Promise<TaskFunction>
  /** process_docs: documents of a split in, documents out; rows are read no earlier than they are asked for where that can be. */
  processDocs(reference: FunctionReference): Promise<(split: Split) => Promise<Split>>
  /** custom_dataset: called with the task's metadata and dataset_kwargs. */
  customDataset(reference: FunctionReference): Promise<(keywords: PyDict) => Promise<Dataset>>
}

/** A resolver that runs no Python. */
export const noFunctions: FunctionResolver = {
  resolve: refuse,
  processDocs: refuse,
  customDataset: refuse,
}

async function refuse(reference: FunctionReference): Promise<never> {
  throw new InputError(
    `${reference.file}: the Python function ${reference.functionName} cannot be run: this program was given nothing to run it with`,
  )
}
