import type { Intervention } from '@saeval/sae-core'
import type { ActedColumn } from '../graph/acted-columns.js'
import type { Segment } from '../graph/body-graph.js'
import { bodyNames } from '../graph/body-inputs.js'
import { actedOutput, countedInput, selectedInput } from '../graph/edit-inputs.js'
import { countsTokens, type EditShape, jointShape, selectsPositions, serves } from '../graph/edit-shape.js'
import type { GraphForm } from '../graph/graph-form.js'
import type { Step } from '../graph/hook-sites.js'
import type { CacheTensor } from '../graph/layer-cache.js'
import type { TensorData } from '../runtime/engine.js'
import type { DeviceTensor, Feeds, Outputs, Runtime, Session } from '../runtime/runtime.js'
import type { ModelShape } from '../spec/model-spec.js'
import { type ActedCounter, countedTensor } from './acted-counter.js'
import type { HiddenStates } from './hidden-states.js'
import {
  type CacheUse,
  cachePlaces,
  type DecodeCache,
  type KvCache,
  type KvCaches,
  keptIn,
  kvCaches,
  pastFeeds,
  sharedFeeds,
} from './kv-cache.js'
import { int64, type Layout } from './layout.js'
import type { PlaceFeeds } from './place-feeds.js'
import { actedBy, type CountedSetting, keptRowEdits, type ReadyEdits, type RowEdits } from './ready-edits.js'
import { selectedTensor, settingSelections } from './token-masks.js'

/** What the steps of a range leave for the step after them; whoever let them run owns it. */
export interface LeftLanes {
  readonly lanes: ReadonlyMap<string, DeviceTensor>
  dispose(): void
}

/** Consecutive steps of the model with their own sessions and cache. */
export interface LayerRange {
  /** Opens the session of these settings, so that it is there when they come. */
  open(settings: readonly (readonly Intervention[])[]): void
  /** A session that can apply these settings, one per batch row (or one for all rows); they are sent with each run. The caller disposes of them. */
  edits(settings: readonly (readonly Intervention[])[]): ReadyEdits
  /** Like edits, put on the device once; the counter gets at how many tokens of later runs the edits act. */
  storedEdits(interventions: readonly Intervention[], counter: ActedCounter): ReadyEdits
  /** Settings whose rows share passes. */
  rowEdits(settings: readonly CountedSetting[]): RowEdits
  /**
   * Of a range to the end: hidden states of the tokens in `gather` (one that means nothing for none), which the caller owns. `entering` is what the range before it has left; null at
   * the beginning of the model.
   */
  body(
    edits: ReadyEdits,
    layout: Layout,
    gather: readonly number[],
    cache: CacheUse,
    entering?: LeftLanes | null,
  ): HiddenStates
  /**
   * Of a range from the beginning to the end: hidden states of one new token a row, which goes into place `at[row]` of the row's own cache. The caller
   * owns them.
   */
  decode(edits: ReadyEdits, layout: Layout, cache: DecodeCache, at: readonly number[]): HiddenStates
  /** Of a range that ends earlier: runs it without edits. A failure shows where what it leaves is used. */
  leave(layout: Layout, cache: CacheUse): LeftLanes
  readonly cache: KvCaches
}

/** A model as a list of steps, of which any range can be run by itself. */
export interface LayerStack {
  readonly spec: ModelShape
  readonly steps: readonly Step[]
  /** A range that is run again and again; the same one for the same ends. */
  layers(from: number, to: number): LayerRange
}

/** Values of a graph's edit inputs, and for each setting which of the graph's counts are its edits'. */
export interface PackedFeeds {
  readonly sent: Readonly<Record<string, TensorData>>
  /** Matrices of whole SAEs. */
  readonly shared: Readonly<Record<string, DeviceTensor>>
  readonly acted: readonly (readonly ActedColumn[])[]
  /** Gives the matrices back. */
  dispose(): void
}

export interface LayerRangeOptions {
  readonly spec: ModelShape
  /** Of the whole model. */
  readonly steps: readonly Step[]
  readonly from: number
  readonly to: number
  readonly runtime: Runtime
  readonly form: GraphForm
  readonly places: PlaceFeeds
  /** What graphs of steps [from, to) take and return of the tokens before. */
  caches(from: number, to: number): readonly CacheTensor[]
  open(model: Uint8Array): Session
  segment(segment: Segment): Session
  packFeeds(shape: EditShape, settings: readonly (readonly Intervention[])[]): PackedFeeds
}

export function createLayerRange(options: LayerRangeOptions): LayerRange {
  const { spec, steps, from, to, runtime, segment, packFeeds } = options
  const own = steps.slice(from, to)
  const caches = options.caches(from, to)
  const bodies: { readonly shape: EditShape; readonly session: Session }[] = []
  const cache = kvCaches(caches, runtime, options)

  /** An existing session that has room for the edits, else a new one. */
  const bodyFor = (settings: readonly (readonly Intervention[])[]) => {
    const shape = jointShape(settings)
    const outside = [...shape.keys()].find((hookPoint) => !own.some((step) => step.hookPoint === hookPoint))
    if (outside !== undefined) throw new Error(`${outside} lies outside the layers that this session computes`)
    const existing = bodies.find((body) => serves(body.shape, shape))
    if (existing) return existing
    const body = { shape, session: segment({ from, to, edits: shape, captures: [] }) }
    bodies.push(body)
    return body
  }
  /** Edits of `rows`, one per batch row or one for all, in a body that serves them; `counters` has one for each, or none. */
  const pack = (
    { shape, session }: (typeof bodies)[number],
    rows: readonly (readonly Intervention[])[],
    counters: readonly ActedCounter[],
    place: (tensor: TensorData) => TensorData | DeviceTensor,
  ): ReadyEdits => {
    const selections = rows.map(settingSelections)
    const selected = selectsPositions(shape) ? Math.max(...selections.map((list) => list.length)) : null
    const packed = packFeeds(shape, rows)
    for (const [row, counter] of counters.entries()) counter.expect(packed.acted[row] ?? [])
    const placed = Object.entries(packed.sent).map(([name, tensor]) => [name, place(tensor)] as const)
    return {
      session,
      decodeSession: () => segment({ from, to, edits: shape, captures: [], decodes: true }),
      sharedPastSession: () => segment({ from, to, edits: shape, captures: [], sharesPast: true }),
      feeds: { ...Object.fromEntries(placed), ...packed.shared },
      selections,
      selected,
      counts: countsTokens(shape),
      acted: actedBy(counters, packed.acted),
      dispose: () => {
        for (const [, tensor] of placed) if ('dispose' in tensor) tensor.dispose()
        packed.dispose()
      },
    }
  }
  const stored = (tensor: TensorData) => runtime.upload(tensor)
  /** Whether several rows come after the one row of a cache. */
  const isShared = ({ rows }: Layout, past: KvCache | null): past is KvCache => past !== null && past.rows < rows
  const lanes = (index: number) => [...steps[index]!.lanes]
  const inputs = (layout: Layout, past: KvCache | null): Feeds => ({
    ...options.places.of(layout, from, to),
    ...(isShared(layout, past) ? sharedFeeds(caches, past) : pastFeeds(caches, layout.rows, past)),
  })
  const editFeeds = (edits: ReadyEdits, layout: Layout): Feeds => ({
    ...edits.feeds,
    ...(edits.selected === null
      ? {}
      : { [selectedInput]: selectedTensor(layout.masks, layout.rows, layout.columns, edits.selected) }),
    ...(edits.counts ? { [countedInput]: countedTensor(layout.lengths, layout.columns) } : {}),
  })
  /** The hidden states that a run gives, `count` of them; what it counts goes to the counter. */
  const hiddenOf = (
    { acted }: ReadyEdits,
    { rows }: Layout,
    count: number,
    run: (outputs: Outputs) => ReturnType<Session['run']>,
  ): HiddenStates => {
    const tensor = runtime.tensor('float32', [count, spec.dModel])
    const counted: Outputs = acted === null ? {} : { [actedOutput]: 'host' }
    const ready = run({ [bodyNames.hidden]: tensor, ...counted }).then((outputs) =>
      acted?.(outputs[actedOutput]!.data as Float32Array, rows),
    )
    // it shows where they are used, too
    ready.catch(() => {})
    return { tensor, rows: count, ready, dispose: () => tensor.dispose() }
  }

  return {
    open: (settings) => {
      bodyFor(settings)
    },
    edits: (settings) => pack(bodyFor(settings), settings, [], (tensor) => tensor),
    storedEdits: (interventions, counter) => pack(bodyFor([interventions]), [interventions], [counter], stored),
    rowEdits: (settings) => {
      const body = bodyFor(settings.map(({ interventions }) => interventions))
      return keptRowEdits(settings, (rows) =>
        pack(
          body,
          rows.map((setting) => settings[setting]!.interventions),
          rows.map((setting) => settings[setting]!.counter),
          stored,
        ),
      )
    },
    body: (edits, layout, gather, { past, keep }, entering = null) => {
      const entered = entering === null ? [] : [...entering.lanes]
      // of a pass that is only kept: graphs for devices take no products over nothing
      const picked = gather.length === 0 ? [0] : gather
      const feeds: Feeds = {
        ...inputs(layout, past),
        ...editFeeds(edits, layout),
        ...Object.fromEntries(entered.map(([lane, tensor]) => [bodyNames.lane(lane, 'in'), tensor])),
        [bodyNames.gather]: int64(picked),
      }
      const session = isShared(layout, past) ? edits.sharedPastSession() : edits.session
      const run = (kept: Outputs) =>
        hiddenOf(edits, layout, picked.length, (outputs) => session.run(feeds, { ...outputs, ...kept }))
      if (keep === null) return run({})
      if ('tensors' in keep || options.form.decoding === 'caller_writes') return run(keptIn(caches, keep))
      const whole = cache.make(layout.rows, (past?.length ?? 0) + layout.columns)
      const hidden = run(keptIn(caches, whole))
      cache.place(whole, keep)
      whole.dispose()
      return hidden
    },
    decode: (edits, layout, { shared, own }, at) => {
      const writes = options.form.decoding === 'caller_writes'
      const feeds: Feeds = {
        ...inputs(layout, own),
        ...sharedFeeds(caches, shared),
        ...editFeeds(edits, layout),
        ...(writes ? {} : cachePlaces(caches, at)),
        [bodyNames.gather]: int64(Array.from({ length: layout.rows }, (_, row) => row)),
      }
      const parts = at.map((toAt, row) => ({ row, at: 0, count: 1, toRow: row, toAt }))
      const written = caches.map(({ name, present, grows }) => {
        const tensor = own.tensors.get(name)!
        return [present, grows && writes ? { into: tensor, parts } : tensor]
      })
      const session = edits.decodeSession()
      const kept = Object.fromEntries(written)
      return hiddenOf(edits, layout, layout.rows, (outputs) => session.run(feeds, { ...outputs, ...kept }))
    },
    leave: (layout, { past, keep }) => {
      const sharesPast = isShared(layout, past)
      const session = segment({ from, to, edits: new Map(), captures: [], sharesPast })
      const left = lanes(to - 1).map(([lane, width]): [string, DeviceTensor] => [
        lane,
        runtime.tensor('float32', [layout.rows, layout.columns, width]),
      ])
      const outputs = left.map(([lane, tensor]) => [bodyNames.lane(lane, 'out'), tensor])
      const kept = keep === null ? {} : keptIn(caches, keep)
      session.run(inputs(layout, past), { ...Object.fromEntries(outputs), ...kept }).catch(() => {})
      return {
        lanes: new Map(left),
        dispose: () => {
          for (const [, tensor] of left) tensor.dispose()
        },
      }
    },
    cache,
  }
}
