import type { Intervention } from '@saeval/sae-core'
import { bodyGraph } from '../graph/body-graph.js'
import { countedInput, selectedInput } from '../graph/edit-inputs.js'
import { countsTokens, type EditShape, selectsPositions } from '../graph/edit-shape.js'
import { headGraph, headNames } from '../graph/head-graph.js'
import { modelSteps, type Step } from '../graph/hook-sites.js'
import { packEdits } from '../graph/pack-edits.js'
import type { Feeds, Provider, Stored } from '../session/protocol.js'
import type { SessionThread } from '../session/session-thread.js'
import type { ModelSpec } from '../spec/model-spec.js'
import type { ModelWeights } from '../weights/model-weights.js'
import { countedTensor } from './acted-counter.js'
import { int64 } from './layout.js'
import type { SharedLayers } from './shared-layers.js'
import { createStretch, type PackedFeeds, type ReadyEdits, type Stretch } from './stretch.js'
import {
  type MarkedText,
  type SpecialIds,
  selectedTensor,
  settingSelections,
  type TokenMarks,
  tokenMarks,
} from './token-marks.js'

/** A part of the model that a session of its own computes; see BodyOptions. */
export interface Segment {
  readonly from: number
  readonly to: number
  readonly edits: EditShape
  readonly captures: readonly string[]
  readonly writes?: boolean
}

/** The model's sessions and how to feed them; itself the stretch of all its steps. */
export interface Forward extends Stretch {
  readonly spec: ModelSpec
  readonly steps: readonly Step[]
  readonly widths: ReadonlyMap<string, number>
  readonly thread: SessionThread
  readonly provider: Provider
  /** A part of the model that is run by itself again and again; the same one for the same ends. */
  stretch(from: number, to: number): Stretch
  /** Where the model is divided for settings that share the layers below their edits; see shareBelow. */
  readonly shared?: SharedLayers
  segment(segment: Segment): Promise<string>
  /** Edit inputs of a segment's graph, for one setting. */
  segmentEdits(shape: EditShape, interventions: readonly Intervention[], text: MarkedText): Promise<Feeds>
  /** Marks of a text's tokens from index `from`, for the edits of a batch row; null where they act everywhere. */
  marks(edits: Pick<ReadyEdits, 'selections'>, row: number, text: MarkedText, from?: number): TokenMarks | null
  /** Runs the head on hidden states [rows, d_model]. */
  head(
    hidden: Float32Array,
    targets: readonly { row: number; token: number }[],
    wantLogits?: boolean,
  ): Promise<HeadResult>
}

export interface HeadResult {
  /** One per target, in nats. */
  readonly logprobs: Float32Array
  /** Most likely token per hidden state. */
  readonly argmax: number[]
  /** [rows, vocab], one array per hidden state; empty unless asked for. */
  readonly logits: readonly Float32Array[]
}

// logits that one run returns: 32 M numbers, 128 MB
const headNumbers = 2 ** 25

export interface ForwardOptions {
  readonly spec: ModelSpec
  readonly weights: ModelWeights
  readonly thread: SessionThread
  readonly provider: Provider
  readonly threads: number | null
  readonly special: SpecialIds
}

export function createForward({ spec, weights, thread, provider, threads, special }: ForwardOptions): Forward {
  const steps = modelSteps(spec)
  const widths = new Map(steps.map((step) => [step.hookPoint, step.width]))
  const segments = new Map<string, Promise<string>>()
  const heads = new Map<boolean, Promise<string>>()

  const create = async (name: string, model: Uint8Array) => {
    const mapped = weights.residence === 'mapped'
    await thread.create({ session: name, model, folder: weights.folder, mapped, provider, threads })
    return name
  }
  const segment = (wanted: Segment): Promise<string> => {
    const key = JSON.stringify([wanted.from, wanted.to, [...wanted.edits], wanted.captures, wanted.writes ?? false])
    let session = segments.get(key)
    if (!session) {
      session = create(`segment.${segments.size}`, bodyGraph({ spec, weights, ...wanted }))
      segments.set(key, session)
    }
    return session
  }
  const shared = new Map<string, Promise<void>>()
  /** Edit inputs of a graph; the matrices of whole SAEs go to the thread once and stay there. */
  const packFeeds = async (shape: EditShape, settings: readonly (readonly Intervention[])[]): Promise<PackedFeeds> => {
    const packed = packEdits(shape, widths, settings)
    for (const [name, tensor] of packed.shared) {
      if (!shared.has(name)) shared.set(name, thread.store({ [name]: tensor }))
      await shared.get(name)
    }
    const references = [...packed.shared.keys()].map((name): [string, Stored] => [name, { stored: name }])
    return { feeds: Object.fromEntries([...packed.feeds, ...references]), acted: packed.acted }
  }
  const runHead = async (
    hidden: Float32Array,
    targets: readonly { row: number; token: number }[],
    wantLogits: boolean,
  ) => {
    const head =
      heads.get(wantLogits) ?? create(wantLogits ? 'head.logits' : 'head', headGraph(spec, weights, wantLogits))
    heads.set(wantLogits, head)
    const rows = hidden.length / spec.dModel
    const { logprobs, argmax, logits } = await thread
      .run({
        session: await head,
        feeds: {
          [headNames.hidden]: { type: 'float32', data: hidden, dims: [rows, spec.dModel] },
          [headNames.rows]: int64(targets.map((target) => target.row)),
          [headNames.targets]: int64(targets.map((target) => target.token)),
        },
        fetch: [headNames.logprobs, headNames.argmax, ...(wantLogits ? [headNames.logits] : [])],
        keep: {},
      })
      .then((outputs) => ({
        logprobs: outputs[headNames.logprobs]!.data as Float32Array,
        argmax: Array.from(outputs[headNames.argmax]!.data as BigInt64Array, Number),
        logits: wantLogits ? splitRows(outputs[headNames.logits]!.data as Float32Array, spec.vocabSize) : [],
      }))
    return { logprobs, argmax, logits }
  }

  const stretches = new Map<string, Stretch>()
  const stretch = (from: number, to: number): Stretch => {
    const key = `${from}-${to}`
    const known = stretches.get(key) ?? createStretch({ spec, steps, from, to, thread, create, segment, packFeeds })
    stretches.set(key, known)
    return known
  }

  return {
    ...stretch(0, steps.length),
    spec,
    steps,
    widths,
    thread,
    provider,
    segment,
    stretch,
    segmentEdits: async (shape, interventions, text) => {
      const packed = await packFeeds(shape, [interventions])
      const length = text.ids.length
      const counted = countsTokens(shape) ? { [countedInput]: countedTensor([length], length) } : {}
      const feeds = { ...packed.feeds, ...counted }
      if (!selectsPositions(shape)) return feeds
      const selections = settingSelections(interventions)
      const marks = tokenMarks(selections, text, special)
      return { ...feeds, [selectedInput]: selectedTensor(marks, 1, length, selections.length) }
    },
    marks: ({ selections }, row, text, from) =>
      tokenMarks(selections.length === 1 ? selections[0]! : selections[row]!, text, special, from),
    head: async (hidden, targets, wantLogits = false) => {
      const rows = hidden.length / spec.dModel
      const slice = wantLogits ? Math.max(1, Math.floor(headNumbers / spec.vocabSize)) : rows
      const logprobs = new Float32Array(targets.length)
      const argmax: number[] = []
      const logits: Float32Array[] = []
      for (let start = 0; start < rows; start += slice) {
        const end = Math.min(rows, start + slice)
        const chosen = targets.flatMap((target, index) =>
          target.row >= start && target.row < end ? [{ index, row: target.row - start, token: target.token }] : [],
        )
        const part = await runHead(hidden.subarray(start * spec.dModel, end * spec.dModel), chosen, wantLogits)
        chosen.forEach(({ index }, at) => {
          logprobs[index] = part.logprobs[at]!
        })
        argmax.push(...part.argmax)
        logits.push(...part.logits)
      }
      return { logprobs, argmax, logits }
    },
  }
}

function splitRows(data: Float32Array, width: number): Float32Array[] {
  return Array.from({ length: data.length / width }, (_, row) => data.slice(row * width, (row + 1) * width))
}
