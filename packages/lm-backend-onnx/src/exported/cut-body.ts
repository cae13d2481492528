import { InputError } from '@saeval/hub'
import { actedNodes } from '../graph/acted-nodes.js'
import type { Segment } from '../graph/body-graph.js'
import { bodyNames } from '../graph/body-inputs.js'
import { applyStages } from '../graph/edit-nodes.js'
import { readHookPoints } from '../graph/edit-shape.js'
import type { GraphForm } from '../graph/graph-form.js'
import type { BuiltGraph } from '../graph/weight-values.js'
import { elementType } from '../onnx/encode-model.js'
import type { Value } from '../onnx/graph-builder.js'
import { type ExportedFile, fileCaches } from './exported-file.js'
import { type FileNodes, fileNodes } from './file-nodes.js'
import type { Place } from './find-skeleton.js'
import type { Site } from './prepared-file.js'

/** The inputs that say where tokens stand; every graph of a file takes them. */
export const fileInputs = [bodyNames.tokens, bodyNames.positions, bodyNames.mask] as const

/**
 * A part of a file's graph with room for edits, as bodyGraph makes them of weights: the same inputs and outputs. A row of the batch holds one text, so
 * the keys that there are say all about the mask.
 */
export function cutBody(exported: ExportedFile, form: GraphForm, segment: Segment): BuiltGraph {
  const { from, to, edits, captures, decodes = false } = segment
  const { file, spec } = exported
  const prepared = decodes ? exported.decoding : exported.prompts
  const { sites } = prepared
  const isEnd = to === sites.length
  const caches = fileCaches(exported, from, to)
  const file_ = fileNodes(exported, prepared, () => (from === 0 ? bodyNames.tokens : bodyNames.lane('residual', 'in')))
  const { graph } = file_
  giveInputs(exported, file_, decodes, caches)
  const entering = from === 0 ? [] : [...sites[from - 1]!.lanes]
  for (const [lane, place] of entering) {
    const value = graph.input(bodyNames.lane(lane, 'in'), 'float32', ['B', 'T', place.width])
    file_.end(place.value)
    file_.replace(place, value)
  }

  const wanted = readHookPoints(edits)
  const widths = new Map(sites.map(({ step }) => [step.hookPoint, step.width]))
  const read = new Map<string, Value>()
  for (const { step } of sites.slice(0, from)) {
    if (wanted.has(step.hookPoint))
      read.set(step.hookPoint, graph.input(bodyNames.carried(step.hookPoint), 'float32', ['B', 'T', step.width]))
  }
  const reads = {
    width: (hookPoint: string) => widths.get(hookPoint)!,
    value: (hookPoint: string) => {
      const value = read.get(hookPoint)
      if (value !== undefined) return value
      throw new InputError(`${exported.name} computes ${hookPoint} after what an edit that reads it changes`)
    },
  }
  const acted = actedNodes(graph)
  const visit = ({ step: { hookPoint, width }, place }: Site) => {
    const stages = edits.get(hookPoint) ?? []
    if (stages.length === 0 && !captures.includes(hookPoint) && !wanted.has(hookPoint)) return
    const before = file_.activation(place)
    const here = applyStages(graph, before, hookPoint, stages, reads, acted, form)
    if (here !== before) file_.replace(place, here)
    read.set(hookPoint, here)
    if (captures.includes(hookPoint)) graph.output(here, hookPoint, 'float32', ['B', 'T', width])
  }
  const own = sites.slice(from, to)
  const sitesOf = (value: string) => own.filter(({ place }) => place.value === value)
  const ends: Place[] = isEnd ? [finalPlace(exported, prepared.sites)] : [...sites[to - 1]!.lanes.values()]
  const kept = file.caches.filter(({ layer, kind }) => caches.some(({ name }) => name === `${layer}.${kind}`))
  const seen = own.filter(({ step }) => captures.includes(step.hookPoint)).map(({ place }) => place.value)
  file_.take([...ends.map(({ value }) => value), ...kept.map(({ present }) => present), ...seen], (value) => {
    for (const site of sitesOf(value)) visit(site)
  })

  acted.output(edits.keys())
  kept.forEach(({ present }, index) => {
    const whole = file_.inFloat(present)
    const value = decodes
      ? graph.node('Slice', [whole, graph.ints([-1]), graph.ints([2 ** 31 - 1]), graph.ints([2])])
      : whole
    graph.output(value, caches[index]!.present, 'float32', ['B', file.nKvHeads, 'S', file.dHead])
  })
  if (isEnd) {
    const flat = graph.node('Reshape', [file_.activation(ends[0]!), graph.ints([-1, spec.dModel])])
    const hidden = graph.node('Gather', [flat, graph.input(bodyNames.gather, 'int64', ['N'])], { axis: 0 })
    graph.output(hidden, bodyNames.hidden, 'float32', ['N', spec.dModel])
  } else {
    for (const [lane, place] of sites[to - 1]!.lanes)
      graph.output(file_.activation(place), bodyNames.lane(lane, 'out'), 'float32', ['B', 'T', place.width])
  }
  return { model: graph.build(), weights: [] }
}

/** What the head reads: the residual stream after the last layer, or where no layers are found the logits. */
export function finalPlace({ spec, file }: ExportedFile, sites: readonly Site[]): Place {
  return sites.at(-1)?.place ?? { value: file.logits, width: spec.dModel, only: null, flat: false }
}

/** Makes the file's inputs of those of a body. */
function giveInputs(
  { file, decodesAlone }: ExportedFile,
  { graph, give }: FileNodes,
  decodes: boolean,
  caches: ReturnType<typeof fileCaches>,
): void {
  const { int64, bool, float32, uint8 } = elementType
  const as = (value: Value, type: number, from: number) =>
    type === from ? value : graph.node('Cast', [value], { to: type })
  const typeOf = (input: string) => file.types.get(input)!
  const [tokens, positions, mask] = [
    graph.input(bodyNames.tokens, 'int64', ['B', 'T']),
    graph.input(bodyNames.positions, 'int64', ['B', 'T']),
    graph.input(bodyNames.mask, 'bool', ['B', 1, 'T', 'S']),
  ]
  give(file.tokens, as(tokens, typeOf(file.tokens), int64))
  if (file.positions !== null) give(file.positions, as(positions, typeOf(file.positions), int64))
  // what some token of the row looks at: [B, S]
  const seen = graph.node('ReduceMax', [graph.node('Cast', [mask], { to: uint8 }), graph.ints([1, 2])], { keepdims: 0 })
  const keys = graph.node('Cast', [seen], { to: bool })
  const isDense = decodes && decodesAlone
  // of the one row, the columns that hold tokens
  const columns = isDense
    ? graph.node('Squeeze', [graph.node('NonZero', [graph.node('Squeeze', [keys, graph.ints([0])])]), graph.ints([0])])
    : null
  const there = columns === null ? keys : graph.node('Gather', [keys, columns], { axis: 1 })
  if (file.mask !== null) give(file.mask, as(there, typeOf(file.mask), bool))
  if (file.keeps !== null) give(file.keeps, as(graph.ints([0], []), typeOf(file.keeps), int64))
  if (file.branch !== null) give(file.branch, graph.node('Cast', [graph.ints([decodes ? 1 : 0])], { to: bool }))
  const rows = graph.node('Shape', [tokens], { start: 0, end: 1 })
  const spread = graph.node('Concat', [rows, graph.ints([1, 1, 1])], { axis: 0 })
  // all but the new token's own column, which is the last
  const before =
    columns === null ? null : graph.node('Slice', [columns, graph.ints([0]), graph.ints([-1]), graph.ints([0])])
  for (const { past, shared, name } of caches) {
    const cache = file.caches.find(({ layer, kind }) => name === `${layer}.${kind}`)!
    const sizes = ['B', file.nKvHeads, 'P', file.dHead]
    const own = graph.input(past, 'float32', sizes)
    let value = own
    if (decodes) {
      const ofAll = graph.input(shared, 'float32', [1, file.nKvHeads, 'shared', file.dHead])
      value = graph.node('Concat', [graph.node('Expand', [ofAll, spread]), own], { axis: 2 })
      if (before !== null) value = graph.node('Gather', [value, before], { axis: 2 })
    }
    give(cache.past, as(value, cache.type, float32))
  }
  // of other layers' only the size is read: there are so many cached tokens
  const others = file.caches.filter(({ layer, kind }) => caches.every(({ name }) => name !== `${layer}.${kind}`))
  if (others.length === 0) return
  const size = (value: Value, axis: number) => graph.node('Shape', [value], { start: axis, end: axis + 1 })
  const cached = graph.node('Sub', [size(mask, 3), size(mask, 2)])
  const dims = graph.node('Concat', [rows, graph.ints([file.nKvHeads]), cached, graph.ints([file.dHead])], { axis: 0 })
  const zeros = graph.node('Expand', [graph.scalar(0), dims])
  for (const { past, type } of others) give(past, as(zeros, type, float32))
}
