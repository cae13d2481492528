import type { Value } from '../onnx/graph-builder.js'
import type { Attention } from '../spec/model-spec.js'
import type { AttentionParts, AttentionValues } from './attention-parts.js'
import { joinGroups, perHead } from './attention-written-out.js'
import { jointAttention, sharedKeys } from './joint-attention.js'

/** Attention of a pass whose rows all come after the same cached tokens, which are read once and copied for no row. */
export function attendToShared(
  parts: AttentionParts,
  { scale, softcap, window, sinks }: Attention,
  { q, k, v }: Omit<AttentionValues, 'pastK' | 'pastV'>,
): Value {
  const { graph, nodes, spec, inputs } = parts
  const [keys, values] = [k, v].map((value) => perHead(parts, value, spec.nKvHeads))
  return jointAttention(
    graph,
    spec,
    joinGroups(parts, perHead(parts, q, spec.nHeads), graph.ints([spec.dHead])),
    [sharedKeys(parts), { keys: keys!, values: values!, shared: false }],
    {
      scale,
      softcap,
      bias: inputs.maskBias(window),
      sinks: sinks === null ? null : nodes.float(sinks),
      sizes: inputs.sizes(),
    },
  )
}
