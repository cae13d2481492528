import { type LanguageModel, type ModelReport, wrapModel } from '@saeval/language-model'

/** What a model has recorded of the try of its edits: numbers of the device that it computes on; undefined of one without edits. */
export function steeringCheck(model: LanguageModel): unknown {
  return steeringOf(model.report?.() ?? {})?.check
}

/** The model with the record of another's try in place of its own: of the one that has computed its answers. `check` undefined changes nothing. */
export function withSteeringCheck(model: LanguageModel, check: () => unknown): LanguageModel {
  return wrapModel(model, {
    report: (before) => {
      const report = model.report?.(before) ?? {}
      const [steering, other] = [steeringOf(report), check()]
      if (steering === undefined || other === undefined) return report
      return { ...report, provenance: { ...report.provenance, steering: { ...steering, check: other } } }
    },
  })
}

function steeringOf({ provenance }: ModelReport): { readonly check?: unknown } | undefined {
  return provenance?.steering as { readonly check?: unknown } | undefined
}
