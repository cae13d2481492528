import type { Pass } from '../plan/plan.js'
import type { PlanRequest } from '../plan/prefix-tree.js'
import { fingerprintOf } from './fingerprint.js'
import type { HiddenStates } from './hidden-states.js'
import type { CacheUse } from './kv-cache.js'
import type { LayerRange, LayerStack, LeftLanes } from './layer-range.js'
import { passLayout } from './pass-layout.js'
import { type PrefixCache, prefixCache } from './prefix-cache.js'
import type { ReadyEdits } from './ready-edits.js'

/**
 * The layers before the first edit, for several settings on the same requests. Their results on every planned pass stay on the device, so that
 * each setting after the first computes only the layers after them.
 */
export interface SharedLayers {
  /** The layers that differ between settings. */
  readonly upper: LayerRange
  /** About the share of the model's work that it is. */
  readonly upperShare: number
  /** Whether an earlier setting has computed the layers below for these requests. */
  knows(requests: readonly PlanRequest[]): boolean
  /**
   * Whether these requests, of so many computed tokens, share: where there is room for all of them beside what is kept already; always the same answer. A part of them never shares:
   * the passes would be others than they are alone, and so the last digits of answers.
   */
  admit(requests: readonly PlanRequest[], tokens: number): boolean
  /** The passes of an earlier setting on the same requests, or these new ones, which are remembered as they are taken. */
  passes(requests: readonly PlanRequest[], fresh: Iterable<Pass>): Iterable<Pass>
  /** Sees to it that the layers below are computed for the pass that was taken last; before `body`. */
  below(pass: Pass): void
  /** Hidden states of a pass, its upper layers computed with these edits. */
  body(edits: ReadyEdits, pass: Pass, cache: CacheUse): HiddenStates
  /** Gives back all that is kept; what is asked for later is computed anew. */
  dispose(): void
  /** The same where it was too much: keeps half as much from here on. */
  shrink(): void
}

/** The passes over some requests, in order, and what the layers below leave for each. */
interface SharedPlan {
  readonly passes: Pass[]
  readonly left: LeftLanes[]
  /** Whether all passes were taken. */
  complete: boolean
  /** Keys and values of the layers below, until then. */
  readonly prefix: PrefixCache
}

/** Divides the model before step `cut`: the steps from there on are computed for every setting. */
export function createSharedLayers({ steps, layers }: LayerStack, cut: number, keepBytes: number): SharedLayers {
  const lower = layers(0, cut)
  const upper = layers(cut, steps.length)
  const width = [...steps[cut - 1]!.lanes.values()].reduce((sum, lane) => sum + lane, 0)
  const roomFor = (bytes: number) => Math.floor(bytes / (4 * width))
  let keeping = keepBytes
  let room = roomFor(keeping)
  const admitted = new Map<string, boolean>()
  const plans = new Map<string, SharedPlan>()
  const keys = new WeakMap<readonly PlanRequest[], string>()
  const keyOf = (requests: readonly PlanRequest[]) => {
    const key = keys.get(requests) ?? requestsKey(requests)
    keys.set(requests, key)
    return key
  }
  const places = new WeakMap<Pass, { readonly plan: SharedPlan; readonly index: number }>()
  const placeOf = (pass: Pass) => {
    const place = places.get(pass)
    if (place === undefined) throw new Error('the pass is not one of those that are shared')
    return place
  }
  const forget = ({ prefix, left }: SharedPlan) => {
    prefix.dispose()
    for (const lanes of left.splice(0)) lanes.dispose()
  }

  const forgetAll = () => {
    for (const plan of plans.values()) forget(plan)
    plans.clear()
    admitted.clear()
    room = roomFor(keeping)
  }

  return {
    upper,
    upperShare: 1 - cut / steps.length,
    knows: (requests) => plans.get(keyOf(requests))?.complete ?? false,
    admit: (requests, tokens) => {
      const key = keyOf(requests)
      const known = admitted.get(key)
      if (known !== undefined) return known
      const isWithin = tokens <= room
      admitted.set(key, isWithin)
      if (isWithin) room -= tokens
      return isWithin
    },
    passes: function* (requests, fresh) {
      const key = keyOf(requests)
      const known = plans.get(key)
      if (known?.complete) {
        yield* known.passes
        return
      }
      const plan: SharedPlan = { passes: [], left: [], complete: false, prefix: prefixCache(lower.cache) }
      plans.set(key, plan)
      try {
        for (const pass of fresh) {
          places.set(pass, { plan, index: plan.passes.length })
          plan.passes.push(pass)
          yield pass
        }
        plan.complete = true
        plan.prefix.dispose()
      } finally {
        const isCurrent = plans.get(key) === plan
        // one that was broken off is begun anew
        if (!plan.complete && isCurrent) plans.delete(key)
        if (!plan.complete || !isCurrent) forget(plan)
      }
    },
    // each pass may come after what the ones before it have kept, so this happens in their order, once
    below: (pass) => {
      const { plan } = placeOf(pass)
      if (plan.complete) return
      const cache = plan.prefix.cacheOf(pass)
      plan.left.push(lower.leave(passLayout(pass), cache))
      if (cache.keep !== null) plan.prefix.extend(pass)
    },
    body: (edits, pass, cache) => {
      const { plan, index } = placeOf(pass)
      const left = plan.left[index]
      if (left === undefined) throw new Error('what the pass shares was given back')
      return upper.body(edits, passLayout(pass), pass.gather, cache, left)
    },
    dispose: forgetAll,
    shrink: () => {
      keeping /= 2
      forgetAll()
    },
  }
}

/** Names a list of requests by everything about them. */
function requestsKey(requests: readonly PlanRequest[]): string {
  const numbers = ({ ids, keys = [], reads }: PlanRequest) => [ids, keys, reads].map((list) => Int32Array.from(list))
  return fingerprintOf(requests.map(numbers))
}
