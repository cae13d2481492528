import { InputError } from '@saeval/hub'
import type { SteeringEdit } from './steering-edit.js'

/** A property of an edit; `above` is its condition's. */
export type EditField = keyof SteeringEdit | 'above'

/** An edit that cannot act, with the property of it that is at fault, so that callers can name their own column for it. */
export class EditError extends InputError {
  readonly edit: SteeringEdit
  readonly field: EditField

  constructor(edit: SteeringEdit, field: EditField, reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.edit = edit
    this.field = field
  }
}

/** Adds the edit to errors that come from reading its SAE. */
export async function inEdit<Value>(edit: SteeringEdit, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read()
  } catch (cause) {
    if (InputError.isInstance(cause) && !(cause instanceof EditError))
      throw new EditError(edit, 'sae', cause.message, { cause })
    throw cause
  }
}
