import type { LayerNorms } from '@saeval/language-model'
import type { HeadSize } from '@saeval/sae-core'
import type { Segment } from '../graph/body-graph.js'
import type { GraphForm } from '../graph/graph-form.js'
import type { Step } from '../graph/hook-sites.js'
import type { CacheTensor } from '../graph/layer-cache.js'
import type { BuiltGraph } from '../graph/weight-values.js'
import type { PassWork } from '../plan/pass-limits.js'
import type { DeviceRoom } from '../runtime/device-room.js'
import type { Runtime } from '../runtime/runtime.js'
import type { ModelShape } from '../spec/model-spec.js'
import type { Head, OpenGraph } from './head.js'
import type { PlaceFeeds } from './place-feeds.js'

/** The graphs of a model, wherever they come from: built from its weights, or cut out of a file. All take and return tensors of bodyNames and CacheTensor. */
export interface ModelGraphs {
  readonly spec: ModelShape
  readonly work: PassWork
  /** The form of the graphs. */
  readonly form: GraphForm
  /** The forward pass in order of computation; every step has a hook point. */
  readonly steps: readonly Step[]
  /** Size of one head of attn.hook_z; see HeadSize. */
  readonly headSize: HeadSize
  /** undefined where nothing is known of them. */
  readonly layerNorms: LayerNorms | undefined
  /** Whether the body takes several tokens after cached ones; else a text's beginning is computed at once. */
  readonly continues: boolean
  /** Why texts cannot be written; null where they can. */
  readonly cannotWrite: string | null
  /** Why a hook point of the field is not one of this model's; null when nothing is known about the name. */
  absentHookPoint(name: string): string | null
  /** What graphs of steps [from, to) take and return of the tokens before. */
  caches(from: number, to: number): readonly CacheTensor[]
  /** The transformer's body or a range of it. */
  body(segment: Segment): BuiltGraph
  /** What the body's graphs take to know where tokens stand. */
  placeFeeds(runtime: Runtime): PlaceFeeds
  /** What hidden states predict, with so much room on the device; see deviceRoom. */
  head(runtime: Runtime, open: OpenGraph, room: DeviceRoom | null): Head
}
