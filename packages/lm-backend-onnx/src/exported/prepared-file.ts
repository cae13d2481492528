import type { Lane, Part, Step } from '../graph/hook-sites.js'
import type { FileModel } from '../onnx/decode-model.js'
import { dropCopies } from './drop-copies.js'
import type { FileInterface } from './file-interface.js'
import { findSkeleton, type LayerPlaces, type Place, type Skeleton } from './find-skeleton.js'
import { oneBranch } from './one-branch.js'
import { takeApart } from './take-apart.js'
import { nodesBefore, readsNumbers, type ValueGraph, valueGraph } from './value-graph.js'
import { valueTypes } from './value-types.js'

/** A step of the forward pass in a file: its activation, and those that later steps read. */
export interface Site {
  readonly step: Step
  readonly place: Place
  readonly lanes: ReadonlyMap<Lane, Place>
}

/** A file's graph for prompts, or for single tokens after others, as it is computed. */
export interface PreparedGraph {
  readonly values: ValueGraph
  /** TensorProto.DataType of its values. */
  readonly types: ReadonlyMap<string, number>
  /** In order of computation; empty where its layers are not found. */
  readonly sites: readonly Site[]
  /** Why there are none; null where there are some. */
  readonly why: string | null
}

/** Prepares a graph: without the branch that is not taken, fused norms taken apart, the residual stream found. */
export function prepareGraph(
  model: Pick<FileModel, 'nodes' | 'tensors' | 'inputs' | 'outputs'>,
  file: FileInterface,
  nLayers: number,
  takesPast: boolean,
): PreparedGraph {
  const one = oneBranch(model, file.branch, takesPast)
  const given = new Set([file.logits, ...file.caches.map(({ present }) => present)])
  const lean = { ...one, nodes: dropCopies(one.nodes, valueTypes(one), given) }
  const fused = valueGraph(lean)
  const hangsOn = (value: string, other: string) => {
    const producer = fused.producer(other)
    return producer !== undefined && nodesBefore(fused, [value], new Set(), readsNumbers).has(producer)
  }
  const apart = { ...lean, nodes: lean.nodes.flatMap((node) => takeApart(node, hangsOn)) }
  const values = valueGraph(apart)
  const skeleton = findSkeleton(values, file, nLayers)
  const types = valueTypes(apart)
  if (typeof skeleton === 'string') return { values, types, sites: [], why: skeleton }
  const sites = sitesOf(skeleton)
  const untyped = sites.find(({ place }) => !types.has(place.value))
  if (untyped === undefined) return { values, types, sites, why: null }
  return { values, types, sites: [], why: `the type of ${untyped.step.hookPoint} does not follow from its operators` }
}

function sitesOf({ embed, first, layers, dModel }: Skeleton): Site[] {
  const site = (part: Part, layer: number, hookPoint: string, place: Place, lanes: Record<string, Place>): Site => {
    const all = Object.entries(lanes) as [Lane, Place][]
    const widths = all.map(([lane, { width }]) => [lane, width] as const)
    const on = 'branch' in lanes ? 'branch' : 'residual'
    const step = { part, layer, hookPoint, width: place.width, on, lanes: new Map(widths) } as const
    return { step, place, lanes: new Map(all) }
  }
  if (first.width !== dModel) throw new Error('a residual stream of two widths')
  const sites = embed === null ? [] : [site('embed', 0, 'hook_embed', embed, { residual: embed })]
  let stream = first
  layers.forEach((places, layer) => {
    sites.push(...layerSites(places, layer, stream, site))
    stream = places.residPost
  })
  return sites
}

function layerSites(
  { mid, z, attentionOut, mlpIn, normedIn, post, mlpOut, residPost }: LayerPlaces,
  layer: number,
  stream: Place,
  site: (part: Part, layer: number, hookPoint: string, place: Place, lanes: Record<string, Place>) => Site,
): Site[] {
  const residual = (part: Part, hook: string, place: Place) =>
    site(part, layer, `blocks.${layer}.${hook}`, place, { residual: place })
  const before = mid ?? stream
  const waiting: Record<string, Place> = mid === null ? { attention: attentionOut } : {}
  const branch = (
    part: Part,
    hook: string,
    place: Place | null,
    residual: Place,
    others: Record<string, Place> = {},
  ) =>
    place === null ? [] : [site(part, layer, `blocks.${layer}.${hook}`, place, { residual, ...others, branch: place })]
  return [
    residual('enter', 'hook_resid_pre', stream),
    ...branch('attention', 'attn.hook_z', z, stream),
    ...branch('attention_output', 'hook_attn_out', attentionOut, stream),
    ...(mid === null ? [] : [residual('attention_add', 'hook_resid_mid', mid)]),
    ...branch('mlp_enter', 'hook_mlp_in', mlpIn, before, waiting),
    ...branch('mlp_gain', 'mlp.hook_in', normedIn, before, waiting),
    ...branch('mlp_post', 'mlp.hook_post', post, before, waiting),
    ...branch('mlp_output', 'hook_mlp_out', mlpOut, before, waiting),
    residual('mlp_add', 'hook_resid_post', residPost),
  ]
}
