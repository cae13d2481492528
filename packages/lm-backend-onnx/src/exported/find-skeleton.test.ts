import { describe, expect, it } from 'vitest'
import type { Node } from '../onnx/encode-model.js'
import type { FileInterface } from './file-interface.js'
import { findSkeleton, type Skeleton } from './find-skeleton.js'
import { constant, fileOf, node } from './hand-made-graph.testing.js'
import { valueGraph } from './value-graph.js'

const norm = (from: string, to: string) => node('SimplifiedLayerNormalization', [from, 'gain'], [to])
const gather = node('Gather', ['wte', 'ids'], ['rows'])
const dense = [
  node('MatMul', ['mlp_in', 'up'], ['pre']),
  node('Relu', ['pre'], ['post']),
  node('MatMul', ['post', 'down'], ['mlp_out']),
]

/** A layer on rows of an embedding table and of positions, with another lookup or MLP. */
function skeleton({ lookup = gather, mlp = dense }: { lookup?: Node; mlp?: readonly Node[] } = {}): Skeleton {
  const nodes = [
    lookup,
    node('Gather', ['wpe', 'positions'], ['places']),
    node('Add', ['rows', 'places'], ['stream']),
    norm('stream', 'attention_in'),
    node('MatMul', ['attention_in', 'square'], ['q']),
    node('Attention', ['q', 'q', 'q'], ['z']),
    node('MatMul', ['z', 'square'], ['attention_out']),
    node('Add', ['stream', 'attention_out'], ['mid']),
    norm('mid', 'mlp_in'),
    ...mlp,
    node('Add', ['mid', 'mlp_out'], ['end']),
    norm('end', 'head_in'),
    node('MatMul', ['head_in', 'unembed'], ['logits']),
  ]
  const tensors = [
    ...['wte', 'wpe', 'square', 'experts', 'scales'].map((name) => constant(name, [4, 4])),
    ...[constant('gain', [4]), constant('up', [4, 8]), constant('down', [8, 4]), constant('unembed', [4, 9])],
    constant('router', [4, 2]),
  ]
  const file: FileInterface = {
    ...{ tokens: 'ids', mask: null, positions: 'positions', branch: null, keeps: null, types: new Map() },
    ...{ logits: 'logits', caches: [], nKvHeads: 0, dHead: 0 },
  }
  const found = findSkeleton(valueGraph(fileOf(nodes, tensors)), file, 1)
  if (typeof found === 'string') throw new Error(found)
  return found
}

const placesOf = (found: Skeleton) => {
  const { z, normedIn, post } = found.layers[0]!
  return { z: z?.value, normedIn: normedIn?.value, post: post?.value }
}

describe('what a branch is made of', () => {
  it('is what its last projection reads', () => {
    expect(placesOf(skeleton())).toEqual({ z: 'z', normedIn: 'mlp_in', post: 'post' })
  })

  it('is not what a router reads, beside fused experts', () => {
    const experts = [
      node('MatMul', ['mlp_in', 'router'], ['chances']),
      node('com.microsoft.QMoE', ['mlp_in', 'chances', 'experts', 'scales'], ['mlp_out']),
    ]
    expect(placesOf(skeleton({ mlp: experts }))).toEqual({ z: 'z', normedIn: 'mlp_in', post: undefined })
  })

  it('is not what a gate beside the product goes around', () => {
    const gated = [
      ...dense.slice(0, 2),
      node('MatMul', ['post', 'down'], ['product']),
      node('Sigmoid', ['mlp_in'], ['gate']),
      node('Mul', ['product', 'gate'], ['mlp_out']),
    ]
    expect(placesOf(skeleton({ mlp: gated })).post).toBeUndefined()
  })

  it('does not begin with a value that others go around', () => {
    const doubled = [
      node('Relu', ['mlp_in'], ['routed']),
      node('MatMul', ['routed', 'router'], ['chances']),
      node('com.microsoft.QMoE', ['mlp_in', 'chances', 'experts', 'scales'], ['mlp_out']),
    ]
    expect(placesOf(skeleton({ mlp: doubled })).normedIn).toBeUndefined()
  })
})

describe('the embedding', () => {
  it.each([
    ['Gather', gather],
    ['packed rows', node('com.microsoft.GatherBlockQuantized', ['wte', 'ids', 'scales'], ['rows'])],
  ])('is without positions: %s', (_, lookup) => {
    expect(skeleton({ lookup }).embed?.value).toBe('rows')
  })

  it('is left out where no part of the sum is known to be it', () => {
    expect(skeleton({ lookup: node('com.microsoft.Other', ['wte', 'ids'], ['rows']) }).embed).toBeNull()
  })
})
