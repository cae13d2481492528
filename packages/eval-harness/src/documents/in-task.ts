import { InputError } from '@saeval/hub'
import { DocFieldError } from './doc-fields.js'

/** Runs `step` for a document (null: for all of them); what its rules cannot do becomes an InputError that names task and document. */
export async function inTask<Result>(
  task: string,
  docId: number | null,
  step: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await step()
  } catch (cause) {
    if (!(cause instanceof DocFieldError) && !(cause instanceof RangeError)) throw cause
    const where = docId === null ? '' : `, document ${docId}`
    throw new InputError(`task ${task}${where}: ${cause.message}`, { cause })
  }
}
