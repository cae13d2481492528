import type { Value } from '../onnx/graph-builder.js'
import type { Attention } from '../spec/model-spec.js'
import type { AttentionParts, AttentionValues } from './attention-parts.js'
import { joinGroups, perHead } from './attention-written-out.js'
import { jointAttention, sharedKeys } from './joint-attention.js'

/** Attention of a pass whose rows all come after the same cached tokens, which are read once and copied for no row. */
export function attendToShared(
  parts: AttentionParts,
  attention: Attention,
  { q, k, v }: Omit<AttentionValues, 'pastK' | 'pastV'>,
): Value {
  const { graph, nodes, inputs } = parts
  const { scale, softcap, sinks, nHeads, nKvHeads, dHead } = attention
  const [keys, values] = [k, v].map((value) => perHead(parts, attention, value, nKvHeads))
  return jointAttention(
    graph,
    attention,
    joinGroups(parts, attention, perHead(parts, attention, q, nHeads), graph.ints([dHead])),
    [sharedKeys(parts, attention), { keys: keys!, values: values!, shared: false }],
    {
      scale,
      softcap,
      bias: inputs.maskBias(attention),
      sinks: sinks === null ? null : nodes.float(sinks),
      sizes: inputs.sizes(),
    },
  )
}
