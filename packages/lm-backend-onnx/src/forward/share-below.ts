import { type Intervention, readPoint } from '@saeval/sae-core'
import type { Forward } from './forward.js'
import { createSharedLayers } from './shared-layers.js'

/** Bytes of states that are kept at most, where nothing else is said. */
export const defaultKeepBytes = 2 ** 30

/**
 * The same model for scoring, divided at `cut`; its edits act from there on. Planned passes share the layers below. `close` gives back what is
 * shared and leaves the model open.
 */
export function shareBelow(forward: Forward, cut: number, keepBytes: number): Forward {
  const shared = createSharedLayers(forward, cut, keepBytes)
  const lower = forward.layers(0, cut)
  const { upper } = shared
  forward.owned.add(shared)
  return {
    ...forward,
    shared,
    undivided: forward,
    open: (settings) => {
      lower.open([[]])
      upper.open(settings)
    },
    edits: upper.edits,
    storedEdits: upper.storedEdits,
    rowEdits: upper.rowEdits,
    body: (edits, layout, gather, cache) => {
      const left = lower.leave(layout, cache)
      const hidden = upper.body(edits, layout, gather, cache, left)
      left.dispose()
      return hidden
    },
    close: async () => shared.dispose(),
  }
}

/** The step before which nothing depends on these edits: index of the first one that is edited or read. 0 where that is the first step. */
export function firstEditedStep({ steps }: Forward, settings: readonly (readonly Intervention[])[]): number {
  const named = new Set(
    settings
      .flat()
      .flatMap(({ hookPoint, stages }) => [
        hookPoint,
        ...stages.flatMap(({ readers, saeReplacement }) =>
          [...readers, ...(saeReplacement ? [saeReplacement] : [])].flatMap(({ readFrom }) =>
            readFrom === null ? [] : [readPoint(readFrom).hookPoint],
          ),
        ),
      ]),
  )
  const first = steps.findIndex((step) => named.has(step.hookPoint))
  return first < 0 ? steps.length - 1 : first
}
