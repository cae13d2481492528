import type { Intervention, PositionSelection } from '@saeval/sae-core'
import type { ActedColumn } from '../graph/acted-columns.js'
import type { Segment } from '../graph/body-graph.js'
import { bodyNames } from '../graph/body-inputs.js'
import { cacheGraph, cacheNames } from '../graph/cache-graph.js'
import { actedOutput, countedInput, selectedInput } from '../graph/edit-inputs.js'
import { countsTokens, type EditShape, jointShape, selectsPositions, serves } from '../graph/edit-shape.js'
import type { Step } from '../graph/hook-sites.js'
import { type CacheTensor, cachedLayers, cacheTensors } from '../graph/layer-cache.js'
import type { TensorData } from '../runtime/engine.js'
import type { Feeds, Stored } from '../runtime/protocol.js'
import type { SessionThread } from '../runtime/session-thread.js'
import type { ModelSpec } from '../spec/model-spec.js'
import { type ActedCounter, countedTensor } from './acted-counter.js'
import { int64, type Layout, pastFeeds, tokenFeeds } from './layout.js'
import { selectedTensor, settingSelections } from './token-masks.js'

/** Edits of a batch, ready to be used by a session: stored on the thread once, or sent with one run. */
export interface ReadyEdits {
  readonly session: string
  /** Opens a session of the same steps for decoding token by token, at the first call. */
  readonly decodeSession: () => Promise<string>
  readonly feeds: Feeds
  /** The position selections of each setting, one list for each batch row or one for all rows. */
  readonly selections: readonly (readonly PositionSelection[])[]
  /** Selections that the graph's mask of selected tokens has columns for; null where the graph takes no mask. */
  readonly selected: number | null
  /** Whether the graph takes the mask of tokens that count. */
  readonly counts: boolean
  /** Where the graph's counts of the tokens at which edits act are added; null where nobody asks for them or there are none. */
  readonly acted: { readonly counter: ActedCounter; readonly columns: readonly ActedColumn[] } | null
}

/** Names on the thread: where a run finds the keys and values before its tokens, and where it leaves its own; null for none. */
export interface CacheUse {
  readonly past: string | null
  readonly keep: string | null
}

/** A KV cache on the session's thread. */
export interface KvCache {
  /** Memory of a row's cache for each token. */
  readonly bytesPerToken: number
  /** Makes room for decoding: these rows of a cache (repeated ones too), with room for `capacity` tokens. */
  reserve(from: string, to: string, rows: readonly number[], capacity: number): Promise<void>
  /** Picks rows and columns of a stored cache into another; see cacheGraph. */
  pick(from: string, to: string, rows: readonly number[], columns: readonly number[]): Promise<void>
  drop(name: string): Promise<unknown>
}

/** Consecutive steps of the model with their own sessions and cache. */
export interface LayerRange {
  /** A session that can apply these settings, one per batch row (or one for all rows). */
  edits(settings: readonly (readonly Intervention[])[]): Promise<ReadyEdits>
  /** Like edits, kept on the thread for every later batch; the counter gets at how many tokens of these the edits act. */
  storedEdits(interventions: readonly Intervention[], counter: ActedCounter): Promise<ReadyEdits>
  /**
   * Of a range to the end: hidden states [gather.length, d_model] before the final norm. `entering` names the states that `leave` of the range
   * before it has kept; null at the beginning of the model.
   */
  body(
    edits: ReadyEdits,
    layout: Layout,
    gather: readonly number[],
    cache: CacheUse,
    entering?: string | null,
  ): Promise<Float32Array>
  /**
   * Of a range from the beginning to the end: hidden states [B, d_model] of one new token a row after the first `layout.past` columns of a
   * reserved cache; the token goes into place `at`.
   */
  decode(edits: ReadyEdits, layout: Layout, cache: string, at: number): Promise<Float32Array>
  /** Opens the session of `leave`; after that its runs go to the thread at once. */
  openLeaving(): Promise<void>
  /** Of a range that ends earlier: runs it without edits and keeps on the thread, under this name, what the next step reads. */
  leave(layout: Layout, cache: CacheUse, name: string): Promise<void>
  readonly cache: KvCache
}

/** A model as a list of steps, of which any range can be run by itself. */
export interface LayerStack {
  readonly spec: ModelSpec
  readonly steps: readonly Step[]
  /** A range that is run again and again; the same one for the same ends. */
  layers(from: number, to: number): LayerRange
}

/** Values of a graph's edit inputs, and for each setting which of the graph's counts are its edits'. */
export interface PackedFeeds {
  readonly feeds: Feeds
  readonly acted: readonly (readonly ActedColumn[])[]
}

export interface LayerRangeOptions {
  readonly spec: ModelSpec
  /** Of the whole model. */
  readonly steps: readonly Step[]
  readonly from: number
  readonly to: number
  readonly thread: SessionThread
  create(name: string, model: Uint8Array): Promise<string>
  segment(segment: Segment): Promise<string>
  packFeeds(shape: EditShape, settings: readonly (readonly Intervention[])[]): Promise<PackedFeeds>
}

type RunOutputs = ReturnType<SessionThread['run']>

// names of stored edits are unique among all ranges
let count = 0

export function createLayerRange({
  spec,
  steps,
  from,
  to,
  thread,
  create,
  segment,
  packFeeds,
}: LayerRangeOptions): LayerRange {
  const own = steps.slice(from, to)
  const caches = cacheTensors(spec, cachedLayers(own))
  const bodies: { readonly shape: EditShape; readonly session: Promise<string> }[] = []
  const growing = caches.filter((cache) => cache.grows)
  const states = caches.filter((cache) => !cache.grows)
  let picker: Promise<string> | null = null
  let stateRows: Promise<string> | null = null

  /** An existing session that has room for the edits, else a new one. */
  const bodyFor = (shape: EditShape) => {
    const outside = [...shape.keys()].find((hookPoint) => !own.some((step) => step.hookPoint === hookPoint))
    if (outside !== undefined) throw new Error(`${outside} lies outside the layers that this session computes`)
    const existing = bodies.find((body) => serves(body.shape, shape))
    if (existing) return existing
    const body = { shape, session: segment({ from, to, edits: shape, captures: [] }) }
    bodies.push(body)
    return body
  }
  const pack = async (
    settings: readonly (readonly Intervention[])[],
    counter: ActedCounter | null,
  ): Promise<ReadyEdits> => {
    const { shape, session } = bodyFor(jointShape(settings))
    const selections = settings.map(settingSelections)
    const selected = selectsPositions(shape) ? Math.max(...selections.map((list) => list.length)) : null
    const decodeSession = () => segment({ from, to, edits: shape, captures: [], decodes: true })
    const {
      feeds,
      acted: [columns = []],
    } = await packFeeds(shape, settings)
    counter?.expect(columns)
    const acted = counter === null || columns.length === 0 ? null : { counter, columns }
    return { session: await session, decodeSession, feeds, selections, selected, counts: countsTokens(shape), acted }
  }
  /** Where a run leaves its keys and values: output -> name on the thread. */
  const keepFeeds = (keep: string) =>
    Object.fromEntries(caches.map(({ name, present }) => [present, `${keep}.${name}`]))
  let leaving: string | null = null
  const openLeaving = async () => {
    leaving = await segment({ from, to, edits: new Map(), captures: [] })
  }
  const lanes = (index: number) => [...steps[index]!.lanes.keys()]
  const inputs = (layout: Layout, cache: CacheUse) => ({
    ...tokenFeeds(spec, layout.feeds, from, to),
    ...pastFeeds(caches, layout.rows, cache.past),
  })

  const editFeeds = (edits: ReadyEdits, layout: Layout): Feeds => ({
    ...edits.feeds,
    ...(edits.selected === null
      ? {}
      : { [selectedInput]: selectedTensor(layout.masks, layout.rows, layout.columns, edits.selected) }),
    ...(edits.counts ? { [countedInput]: countedTensor(layout.lengths, layout.columns) } : {}),
  })
  /** The hidden states that a run gives; what it counts goes to the counter. */
  const hiddenOf = async ({ acted }: ReadyEdits, rows: number, run: (fetch: readonly string[]) => RunOutputs) => {
    const outputs = await run(acted === null ? [bodyNames.hidden] : [bodyNames.hidden, actedOutput])
    acted?.counter.add(acted.columns, outputs[actedOutput]!.data as Float32Array, rows)
    return outputs[bodyNames.hidden]!.data as Float32Array
  }

  return {
    edits: (settings) => pack(settings, null),
    storedEdits: async (interventions, counter) => {
      const ready = await pack([interventions], counter)
      const prefix = `edits.${count++}.`
      const sent = Object.entries(ready.feeds).filter((entry): entry is [string, TensorData] => !('stored' in entry[1]))
      await thread.store(Object.fromEntries(sent.map(([name, tensor]) => [prefix + name, tensor])))
      const references = sent.map(([name]): [string, Stored] => [name, { stored: prefix + name }])
      return { ...ready, feeds: { ...ready.feeds, ...Object.fromEntries(references) } }
    },
    body: async (edits, layout, gather, cache, entering = null) => {
      const entered = entering === null ? [] : lanes(from - 1)
      const feeds: Feeds = {
        ...inputs(layout, cache),
        ...editFeeds(edits, layout),
        ...Object.fromEntries(entered.map((lane) => [bodyNames.lane(lane, 'in'), { stored: `${entering}.${lane}` }])),
        [bodyNames.gather]: int64(gather),
      }
      const keep = cache.keep === null ? {} : keepFeeds(cache.keep)
      return hiddenOf(edits, layout.rows, (fetch) => thread.run({ session: edits.session, feeds, fetch, keep }))
    },
    decode: async (edits, layout, cache, at) => {
      const place = (tensor: CacheTensor) => `${cache}.${tensor.name}`
      const session = await edits.decodeSession()
      const feeds: Feeds = {
        ...inputs(layout, { past: cache, keep: null }),
        ...editFeeds(edits, layout),
        [bodyNames.gather]: int64(Array.from({ length: layout.rows }, (_, row) => row)),
      }
      const keep = Object.fromEntries(states.map((tensor) => [tensor.present, place(tensor)]))
      const write = Object.fromEntries(growing.map((tensor) => [tensor.present, { into: place(tensor), at }]))
      return hiddenOf(edits, layout.rows, (fetch) => thread.run({ session, feeds, fetch, keep, write }))
    },
    openLeaving,
    leave: async (layout, cache, name) => {
      const left = lanes(to - 1).map((lane) => [bodyNames.lane(lane, 'out'), `${name}.${lane}`])
      if (leaving === null) await openLeaving()
      await thread.run({
        session: leaving!,
        feeds: inputs(layout, cache),
        fetch: [],
        keep: { ...Object.fromEntries(left), ...(cache.keep === null ? {} : keepFeeds(cache.keep)) },
      })
    },
    cache: {
      bytesPerToken: 4 * growing.length * spec.nKvHeads * spec.dHead,
      reserve: async (source, target, rows, capacity) => {
        for (const { name } of growing)
          await thread.reserve({ from: `${source}.${name}`, to: `${target}.${name}`, rows, capacity })
        if (states.length === 0) return
        stateRows ??= create(`states.${from}-${to}`, cacheGraph(states))
        await thread.run({
          session: await stateRows,
          feeds: { ...pastFeeds(states, rows.length, source), [cacheNames.rows]: int64(rows) },
          fetch: [],
          keep: Object.fromEntries(states.map(({ name, present }) => [present, `${target}.${name}`])),
        })
      },
      pick: async (source, target, rows, columns) => {
        picker ??= create(`cache.${from}-${to}`, cacheGraph(caches))
        await thread.run({
          session: await picker,
          feeds: {
            ...pastFeeds(caches, rows.length, source),
            [cacheNames.rows]: int64(rows),
            [cacheNames.columns]: int64(columns),
          },
          fetch: [],
          keep: keepFeeds(target),
        })
      },
      drop: (name) => thread.drop(`${name}.`),
    },
  }
}
