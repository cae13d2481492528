import type { LanguageModel } from './language-model.js'
import type { ModelInfo } from './model-info.js'

/** What a middleware changes about a model; the rest is the model's own. */
export interface ModelLayer {
  readonly info?: ModelInfo
  /** Stands before the model's own `report`. */
  readonly report?: NonNullable<LanguageModel['report']>
  /** Stands before the model's own `read`. */
  readonly read?: LanguageModel['read']
  readonly close?: () => Promise<void>
}

/** A model with something before it: kept answers, steering, a log. */
export function wrapModel(model: LanguageModel, { info, report, read, close }: ModelLayer): LanguageModel {
  return {
    get info() {
      return info ?? model.info
    },
    report: report ?? ((before) => model.report?.(before) ?? {}),
    chatTemplate: model.chatTemplate,
    read: read ?? ((requests) => model.read(requests)),
    ...(model.fingerprint === undefined ? {} : { fingerprint: () => model.fingerprint!() }),
    close: close ?? (() => model.close()),
  }
}
