import type { Intervention, PositionSelection } from '@saeval/sae-core'
import type { Segment } from '../graph/body-graph.js'
import { countedInput, selectedInput } from '../graph/edit-inputs.js'
import { countsTokens, type EditShape, selectsPositions } from '../graph/edit-shape.js'
import type { GraphForm } from '../graph/graph-form.js'
import { packEdits } from '../graph/pack-edits.js'
import type { GraphWeight } from '../graph/weight-values.js'
import { PassLimits } from '../plan/pass-limits.js'
import type { DeviceRoom } from '../runtime/device-room.js'
import type { Provider } from '../runtime/protocol.js'
import type { Feeds, Runtime, Session } from '../runtime/runtime.js'
import type { ModelWeights } from '../weights/model-weights.js'
import { countedTensor } from './acted-counter.js'
import { DeviceWeights } from './device-weights.js'
import type { Head } from './head.js'
import { createLayerRange, type LayerRange, type LayerStack, type PackedFeeds } from './layer-range.js'
import type { ModelGraphs } from './model-graphs.js'
import type { PlaceFeeds } from './place-feeds.js'
import { SaeMatrices } from './sae-matrices.js'
import type { SharedLayers } from './shared-layers.js'
import {
  type MaskedText,
  type SpecialIds,
  selectedTensor,
  settingSelections,
  type TokenMasks,
  tokenMasks,
} from './token-masks.js'

/** The model's sessions and how to feed them; itself the range of all its layers. */
export interface Forward
  extends LayerRange,
    LayerStack,
    Head,
    Pick<ModelGraphs, 'headSize' | 'absentHookPoint' | 'caches' | 'layerNorms' | 'continues' | 'cannotWrite'> {
  readonly widths: ReadonlyMap<string, number>
  readonly runtime: Runtime
  readonly provider: Provider
  /** The form of its graphs. */
  readonly form: GraphForm
  readonly places: PlaceFeeds
  /** The device's memory beside the weights; null where nobody knows how much there is. */
  readonly room: DeviceRoom | null
  /** How much one pass may hold. */
  readonly limits: PassLimits
  /** Where the model is divided for settings that share the layers below their edits; see shareBelow. */
  readonly shared?: SharedLayers
  /** The same model where it is divided. */
  readonly undivided?: Forward
  segment(segment: Segment): Session
  /** Edit inputs of a segment's graph, for one setting; the caller disposes of them. */
  segmentEdits(shape: EditShape, interventions: readonly Intervention[], text: MaskedText): SegmentEdits
  /** Masks of a text's tokens from index `from`, for a setting with these selections; null where its edits act everywhere. */
  masks(selections: readonly PositionSelection[], text: MaskedText, from?: number): TokenMasks | null
  /** What `close` gives back at the latest. */
  readonly owned: Set<{ dispose(): void }>
  /** Gives back what is on the device and ends the runtime. */
  close(): Promise<void>
}

/** Edit inputs of a graph. */
export interface SegmentEdits {
  readonly feeds: Feeds
  dispose(): void
}

export interface ForwardOptions {
  readonly graphs: ModelGraphs
  readonly runtime: Runtime
  readonly provider: Provider
  /** Where graphs find their weights. */
  readonly weights: Pick<ModelWeights, 'folder' | 'residence'>
  readonly room: DeviceRoom | null
  /** Told, in a line, what the user should know. */
  readonly notice: (line: string) => void
  readonly special: SpecialIds
}

export function createForward(options: ForwardOptions): Forward {
  const { graphs, weights, runtime, provider, room, special } = options
  const { spec, form, steps, caches, absentHookPoint, layerNorms, headSize, continues, cannotWrite } = graphs
  const widths = new Map(steps.map((step) => [step.hookPoint, step.width]))
  const segments = new Map<string, Session>()
  const matrices = new SaeMatrices(runtime)
  const places = graphs.placeFeeds(runtime)
  const owned = new Set<{ dispose(): void }>([matrices, places])

  const resident = new DeviceWeights(runtime, weights.folder)
  owned.add(resident)
  const open = (model: Uint8Array, held: readonly GraphWeight[] = []) =>
    runtime.open(model, {
      folder: weights.folder,
      mapped: weights.residence === 'mapped',
      constants: resident.of(held),
    })
  const segment = (wanted: Segment): Session => {
    const key = JSON.stringify([
      wanted.from,
      wanted.to,
      [...wanted.edits],
      wanted.captures,
      wanted.decodes ?? false,
      wanted.sharesPast ?? false,
    ])
    const known = segments.get(key)
    if (known) return known
    const body = graphs.body(wanted)
    const session = open(body.model, body.weights)
    segments.set(key, session)
    return session
  }
  const packFeeds = (shape: EditShape, settings: readonly (readonly Intervention[])[]): PackedFeeds => {
    const packed = packEdits(shape, widths, settings, form)
    const { tensors, dispose } = matrices.use(packed.shared)
    return { sent: Object.fromEntries(packed.feeds), shared: tensors, acted: packed.acted, dispose }
  }
  const ranges = new Map<string, LayerRange>()
  const layers = (from: number, to: number): LayerRange => {
    const key = `${from}-${to}`
    const known =
      ranges.get(key) ??
      createLayerRange({ spec, steps, from, to, runtime, form, places, caches, open, segment, packFeeds })
    ranges.set(key, known)
    return known
  }

  return {
    ...layers(0, steps.length),
    ...graphs.head(runtime, open, room),
    spec,
    steps,
    caches,
    absentHookPoint,
    layerNorms,
    headSize,
    continues,
    cannotWrite,
    widths,
    runtime,
    provider,
    form,
    room,
    limits: new PassLimits(graphs.work, runtime.passes, { room, largest: form.pieceBytes }, options.notice),
    places,
    segment,
    layers,
    segmentEdits: (shape, interventions, text) => {
      const { sent, shared, dispose } = packFeeds(shape, [interventions])
      const length = text.ids.length
      const counted = countsTokens(shape) ? { [countedInput]: countedTensor([length], length) } : {}
      const feeds = { ...sent, ...shared, ...counted }
      if (!selectsPositions(shape)) return { feeds, dispose }
      const selections = settingSelections(interventions)
      const masks = tokenMasks(selections, text, special)
      return { feeds: { ...feeds, [selectedInput]: selectedTensor(masks, 1, length, selections.length) }, dispose }
    },
    masks: (selections, text, from) => tokenMasks(selections, text, special, from),
    owned,
    close: () => {
      for (const item of owned) item.dispose()
      return runtime.close()
    },
  }
}
