import type { LanguageModel, SteerableModel } from '@saeval/language-model'
import type { Intervention } from '@saeval/sae-core'
import type { ScaledRow } from '../edits/coefficient-units.js'
import type { Trial } from '../effects/check-effects.js'

/** A file of edits that is read, its SAEs open; nothing of the language model was needed for it. */
export interface Steering {
  readonly file: { readonly path: string; readonly sha256: string }
  /** Whether an edit of it has a coefficient. */
  readonly hasCoefficients: boolean
  /** Turns the edits into plain numbers for this model. Throws InputError for those that do not fit it. */
  lower(base: SteerableModel, options?: LowerOptions): Promise<LoweredEdits>
  /** Closes the SAEs. */
  close(): Promise<void>
}

export interface LowerOptions {
  /** Replaces the coefficient of every edit that has one; null (default) leaves the file's own. */
  readonly coefficient?: number | null
}

/** Edits that are plain numbers. */
export interface LoweredEdits {
  /** Rows along latents of SAEs; none of vectors. */
  readonly rows: readonly ScaledRow[]
  /** What the edits are, a line each: of many the first, and how many there are. */
  readonly lines: readonly string[]
  readonly interventions: readonly Intervention[]
  /** The same edits one by one, for checks. */
  readonly trial: Trial
  /** The model with the edits. Tries every edit first: one that changes nothing is an InputError that names its place. */
  steer(base: SteerableModel): Promise<LanguageModel>
}

/** The model with all edits of its file. Closes the file's SAEs, and the model where the edits do not fit it. */
export async function steerOpened({
  steering,
  base,
}: {
  readonly steering: Steering
  readonly base: SteerableModel
}): Promise<LanguageModel> {
  try {
    return await (await steering.lower(base)).steer(base)
  } catch (error) {
    await base.close()
    throw error
  } finally {
    await steering.close()
  }
}
