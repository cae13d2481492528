import type { Intervention, PositionSelection } from '@saeval/sae-core'
import { bodyGraph } from '../graph/body-graph.js'
import { bodyNames, tokenInputs } from '../graph/body-inputs.js'
import { cacheGraph, cacheNames } from '../graph/cache-graph.js'
import { selectedInput } from '../graph/edit-inputs.js'
import { type EditShape, jointShape, selectsPositions, serves } from '../graph/edit-shape.js'
import { headGraph, headNames } from '../graph/head-graph.js'
import { modelSteps, type Step } from '../graph/hook-sites.js'
import { type CacheTensor, cachedLayers, cacheTensors } from '../graph/layer-cache.js'
import { packEdits } from '../graph/pack-edits.js'
import type { Feeds, Provider, Stored, TensorData } from '../session/protocol.js'
import type { SessionThread } from '../session/session-thread.js'
import type { ModelSpec } from '../spec/model-spec.js'
import type { ModelWeights } from '../weights/model-weights.js'
import {
  joinMarks,
  type MarkedText,
  type SpecialIds,
  selectedTensor,
  settingSelections,
  type TokenMarks,
  tokenMarks,
} from './token-marks.js'

/** Edits of a batch, ready to be used by a session: stored on the thread once, or sent with one run. */
export interface ReadyEdits {
  readonly session: string
  readonly feeds: Feeds
  /** The position selections of each setting, one list for each batch row or one for all rows. */
  readonly selections: readonly (readonly PositionSelection[])[]
  /** Selections that the graph's mask of selected tokens has columns for; null where the graph takes no mask. */
  readonly selected: number | null
}

/** A stretch of the model that runs on its own; see BodyOptions. */
export interface Segment {
  readonly from: number
  readonly to: number
  readonly edits: EditShape
  readonly captures: readonly string[]
}

/** Where each row's new tokens stand. One batch is [rows, columns]; shorter rows are padded on the right. */
export interface Layout {
  readonly rows: number
  readonly columns: number
  /** Cached tokens before the new ones. */
  readonly past: number
  /** tokens, positions, key_positions, mask and lengths, as far as the model takes them */
  readonly feeds: Feeds
  /** Marks of the new tokens [rows * columns], for edits that select positions; null for none. */
  readonly marks: TokenMarks | null
}

/** The model's sessions and how to feed them. */
export interface Forward {
  readonly spec: ModelSpec
  readonly steps: readonly Step[]
  readonly widths: ReadonlyMap<string, number>
  readonly thread: SessionThread
  readonly provider: Provider
  /** A session for the whole body that can apply these settings, one per batch row (or one for all rows). */
  edits(settings: readonly (readonly Intervention[])[]): Promise<ReadyEdits>
  /** Like edits, kept on the thread for every later batch. */
  storedEdits(interventions: readonly Intervention[]): Promise<ReadyEdits>
  segment(segment: Segment): Promise<string>
  /** Edit inputs of a segment's graph, for one setting. */
  segmentEdits(shape: EditShape, interventions: readonly Intervention[], text: MarkedText): Promise<Feeds>
  /** Marks of a text's tokens from index `from`, for the edits of a batch row; null where they act everywhere. */
  marks(edits: ReadyEdits, row: number, text: MarkedText, from?: number): TokenMarks | null
  /** Hidden states [gather.length, d_model] before the final norm; `keep` leaves the KV cache on the thread under that name. */
  body(
    edits: ReadyEdits,
    layout: Layout,
    gather: readonly number[],
    cache: { past: string | null; keep: string | null },
  ): Promise<Float32Array>
  readonly cache: {
    /** Picks rows and columns of a stored KV cache into another; see cacheGraph. */
    pick(from: string, to: string, rows: readonly number[], columns: readonly number[]): Promise<void>
    drop(name: string): Promise<void>
  }
  /** Runs the head on hidden states, `fetch` being names of headNames; in slices that keep [rows, vocabulary] small. */
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

// logits of one head run: 32 M numbers, 128 MB
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
  const caches = cacheTensors(spec, cachedLayers(steps))
  const bodies: { readonly shape: EditShape; readonly session: Promise<string> }[] = []
  const segments = new Map<string, Promise<string>>()
  let head: Promise<string> | null = null
  let picker: Promise<string> | null = null
  let count = 0

  const create = async (name: string, model: Uint8Array) => {
    const mapped = weights.residence === 'mapped'
    await thread.create({ session: name, model, folder: weights.folder, mapped, provider, threads })
    return name
  }
  const segment = (wanted: Segment): Promise<string> => {
    const key = JSON.stringify([wanted.from, wanted.to, [...wanted.edits], wanted.captures])
    let session = segments.get(key)
    if (!session) {
      session = create(`segment.${segments.size}`, bodyGraph({ spec, weights, ...wanted }))
      segments.set(key, session)
    }
    return session
  }
  /** An existing session that has room for the edits, else a new one. */
  const bodyFor = (shape: EditShape) => {
    const existing = bodies.find((body) => serves(body.shape, shape))
    if (existing) return existing
    const body = { shape, session: segment({ from: 0, to: steps.length, edits: shape, captures: [] }) }
    bodies.push(body)
    return body
  }
  const shared = new Map<string, Promise<void>>()
  /** Edit inputs of a graph; the matrices of whole SAEs go to the thread once and stay there. */
  const packFeeds = async (shape: EditShape, settings: readonly (readonly Intervention[])[]): Promise<Feeds> => {
    const packed = packEdits(shape, widths, settings)
    for (const [name, tensor] of packed.shared) {
      if (!shared.has(name)) shared.set(name, thread.store({ [name]: tensor }))
      await shared.get(name)
    }
    const references = [...packed.shared.keys()].map((name): [string, Stored] => [name, { stored: name }])
    return Object.fromEntries([...packed.feeds, ...references])
  }
  const pack = async (settings: readonly (readonly Intervention[])[]): Promise<ReadyEdits> => {
    const { shape, session } = bodyFor(jointShape(settings))
    const selections = settings.map(settingSelections)
    const selected = selectsPositions(shape) ? Math.max(...selections.map((list) => list.length)) : null
    return { session: await session, feeds: await packFeeds(shape, settings), selections, selected }
  }
  const runHead = async (
    hidden: Float32Array,
    targets: readonly { row: number; token: number }[],
    wantLogits: boolean,
  ) => {
    head ??= create('head', headGraph(spec, weights))
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

  /** Where a run leaves its keys and values: output -> name on the thread. */
  const keepFeeds = (keep: string) =>
    Object.fromEntries(caches.map(({ name, present }) => [present, `${keep}.${name}`]))

  return {
    spec,
    steps,
    widths,
    thread,
    provider,
    segment,
    segmentEdits: async (shape, interventions, text) => {
      const feeds = await packFeeds(shape, [interventions])
      if (!selectsPositions(shape)) return feeds
      const selections = settingSelections(interventions)
      const marks = tokenMarks(selections, text, special)
      return { ...feeds, [selectedInput]: selectedTensor(marks, 1, text.ids.length, selections.length) }
    },
    marks: ({ selections }, row, text, from) =>
      tokenMarks(selections.length === 1 ? selections[0]! : selections[row]!, text, special, from),
    edits: pack,
    storedEdits: async (interventions) => {
      const ready = await pack([interventions])
      const prefix = `edits.${count++}.`
      const own = Object.entries(ready.feeds).filter((entry): entry is [string, TensorData] => !('stored' in entry[1]))
      await thread.store(Object.fromEntries(own.map(([name, tensor]) => [prefix + name, tensor])))
      const references = own.map(([name]): [string, Stored] => [name, { stored: prefix + name }])
      return { ...ready, feeds: { ...ready.feeds, ...Object.fromEntries(references) } }
    },
    body: async (edits, layout, gather, cache) => {
      const { hidden } = await thread.run({
        session: edits.session,
        feeds: {
          ...layout.feeds,
          ...edits.feeds,
          ...(edits.selected === null
            ? {}
            : { [selectedInput]: selectedTensor(layout.marks, layout.rows, layout.columns, edits.selected) }),
          ...pastFeeds(caches, layout.rows, cache.past),
          [bodyNames.gather]: int64(gather),
        },
        fetch: [bodyNames.hidden],
        keep: cache.keep === null ? {} : keepFeeds(cache.keep),
      })
      return hidden!.data as Float32Array
    },
    cache: {
      pick: async (from, to, rows, columns) => {
        picker ??= create('cache', cacheGraph(caches))
        await thread.run({
          session: await picker,
          feeds: {
            ...pastFeeds(caches, rows.length, from),
            [cacheNames.rows]: int64(rows),
            [cacheNames.columns]: int64(columns),
          },
          fetch: [],
          keep: keepFeeds(to),
        })
      },
      drop: (name) => thread.drop(`${name}.`),
    },
    head: async (hidden, targets, wantLogits = false) => {
      const rows = hidden.length / spec.dModel
      const slice = Math.max(1, Math.floor(headNumbers / spec.vocabSize))
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

/** Token feeds of right-padded rows without a cache. Rows see only what stands before: padding comes after and is never read. */
export function freshLayout(
  spec: ModelSpec,
  rows: readonly (readonly number[])[],
  marks: readonly (TokenMarks | null)[] = [],
): Layout {
  const columns = Math.max(...rows.map((row) => row.length))
  const tokens = new BigInt64Array(rows.length * columns)
  const positions = new BigInt64Array(rows.length * columns)
  rows.forEach((row, b) => {
    for (let t = 0; t < columns; t++) {
      tokens[b * columns + t] = BigInt(row[t] ?? 0)
      positions[b * columns + t] = BigInt(t)
    }
  })
  const mask = new Uint8Array(columns * columns)
  for (let query = 0; query < columns; query++) mask.fill(1, query * columns, query * columns + query + 1)
  const dims = [rows.length, columns]
  return {
    rows: rows.length,
    columns,
    past: 0,
    marks: joinMarks(marks, columns),
    feeds: tokenFeeds(spec, {
      [bodyNames.tokens]: { type: 'int64', data: tokens, dims },
      [bodyNames.positions]: { type: 'int64', data: positions, dims },
      [bodyNames.keyPositions]: { type: 'int64', data: positions, dims },
      [bodyNames.mask]: { type: 'bool', data: mask, dims: [1, 1, columns, columns] },
      [bodyNames.lengths]: int64(rows.map((row) => row.length)),
    }),
  }
}

/** Those of the feeds that the model's graphs take; a segment [from, to) may take fewer than the whole. */
export function tokenFeeds(spec: ModelSpec, feeds: Feeds, from = 0, to = Number.POSITIVE_INFINITY): Feeds {
  const needed = tokenInputs(spec, from, to)
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => needed.has(name)))
}

/** The cache before the new tokens: what an earlier run left under that name, or that of no tokens. */
export function pastFeeds(caches: readonly CacheTensor[], rows: number, past: string | null): Feeds {
  return Object.fromEntries(
    caches.map((cache): [string, TensorData | Stored] => {
      if (past !== null) return [cache.past, { stored: `${past}.${cache.name}` }]
      const dims = cache.empty(rows)
      const size = dims.reduce((product, length) => product * length, 1)
      return [cache.past, { type: 'float32', data: new Float32Array(size), dims }]
    }),
  )
}

/** A vector of int64. */
export function int64(values: readonly number[]): TensorData {
  return { type: 'int64', data: BigInt64Array.from(values, BigInt), dims: [values.length] }
}

function splitRows(data: Float32Array, width: number): Float32Array[] {
  return Array.from({ length: data.length / width }, (_, row) => data.slice(row * width, (row + 1) * width))
}
