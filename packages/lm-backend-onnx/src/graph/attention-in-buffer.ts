import type { Value } from '../onnx/graph-builder.js'
import type { Attention } from '../spec/model-spec.js'
import type { AttentionParts, AttentionValues } from './attention-parts.js'
import { bodyNames } from './body-inputs.js'
import { keysLayer } from './hook-sites.js'
import { jointAttention, sharedKeys } from './joint-attention.js'
import { cacheTensors } from './layer-cache.js'

/**
 * Attention of one token a row to keys that all rows share and to a cache [B, n_kv_heads, capacity, d_head] that the graph writes the token's own keys and values into; the
 * caller binds the cache's input and output to the same memory. What no token has written yet must be finite: it is masked.
 */
export function attendInBuffer(parts: AttentionParts, attention: Attention, given: AttentionValues): Value {
  const { graph, nodes, spec, index, inputs, cached } = parts
  const { scale, softcap, nHeads, nKvHeads, dHead } = attention
  const layer = keysLayer(spec, index)
  const [keyCache, valueCache] = cacheTensors(spec, [layer])
  const heads = (value: Value, each: number) => graph.node('Reshape', [value, graph.ints([0, nKvHeads, each, dHead])])
  const written = (name: string, past: Value, own: Value) => {
    // a layer before has written what both attend to
    if (cached.has(layer)) return name
    const places = graph.inputOnce(bodyNames.cachePlaces(nKvHeads), 'int64', ['B', nKvHeads, 1, 3])
    return graph.outputNode('ScatterND', [past, places, heads(own, 1)], name, 'float32', ['B', nKvHeads, 'P', dHead])
  }
  const keys = written(keyCache!.present, given.pastK, given.k)
  const values = written(valueCache!.present, given.pastV, given.v)
  cached.add(layer)
  const sinks = attention.sinks === null ? null : nodes.float(attention.sinks)
  const q = heads(given.q, nHeads / nKvHeads)
  const options = { scale, softcap, bias: inputs.maskBias(attention), sinks, sizes: null }
  return jointAttention(graph, attention, q, [sharedKeys(parts, attention), { keys, values, shared: false }], options)
}
