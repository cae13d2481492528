import type { Intervention } from '@saeval/sae-core'

/** Where edits act, without what they do: settings of one place share the same layers. */
export function placesOf(interventions: readonly Intervention[]): string {
  return JSON.stringify(
    interventions.map(({ hookPoint, stages }) => [
      hookPoint,
      stages.map(({ readers, saeReplacement }) => [
        readers.map(({ readFrom }) => readFrom),
        saeReplacement?.readFrom ?? null,
      ]),
    ]),
  )
}
