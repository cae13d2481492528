import type { LanguageModel } from './language-model.js'
import type { ModelInfo } from './model-info.js'
import { isSteerable } from './require-steerable.js'
import type { SteerableModel } from './steerable-model.js'

/** What a middleware changes about a model; the rest is the model's own. */
export interface ModelLayer {
  readonly info?: ModelInfo
  /** Stands before the model's own `report`. */
  readonly report?: NonNullable<LanguageModel['report']>
  /** Stands before the model's own `read`. */
  readonly read?: LanguageModel['read']
  readonly close?: () => Promise<void>
}

/** The steerable model behind one that is wrapped. */
const behind = new WeakMap<LanguageModel, SteerableModel>()

/** A model with something before it: kept answers, steering, a log. */
export function wrapModel(model: LanguageModel, { info, report, read, close }: ModelLayer): LanguageModel {
  const wrapped: LanguageModel = {
    get info() {
      return info ?? model.info
    },
    report: report ?? ((before) => model.report?.(before) ?? {}),
    chatTemplate: model.chatTemplate,
    read: read ?? ((requests) => model.read(requests)),
    ...(model.fingerprint === undefined ? {} : { fingerprint: () => model.fingerprint!() }),
    ...(model.files === undefined ? {} : { files: () => model.files!() }),
    close: close ?? (() => model.close()),
  }
  const steerable = steerableOf(model)
  if (steerable !== null) behind.set(wrapped, steerable)
  return wrapped
}

/**
 * The steerable model that answers, edits and all: the model itself, or the one behind what `wrapModel` has put before it; `steer([])` of it is the model without
 * edits. null of a model whose edits cannot be taken away.
 */
export function steerableOf(model: LanguageModel): SteerableModel | null {
  return behind.get(model) ?? (isSteerable(model) ? model : null)
}
