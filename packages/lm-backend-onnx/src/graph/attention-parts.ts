import type { GraphBuilder, Value } from '../onnx/graph-builder.js'
import type { ModelSpec } from '../spec/model-spec.js'
import type { AttentionInputs } from './attention-inputs.js'
import type { GraphForm } from './graph-form.js'
import type { WeightNodes } from './weight-nodes.js'

/** What the attention of a layer is built from. */
export interface AttentionParts {
  readonly graph: GraphBuilder
  readonly nodes: WeightNodes
  readonly spec: ModelSpec
  readonly form: GraphForm
  readonly index: number
  readonly inputs: AttentionInputs
  /** Layers whose cache the graph returns so far. */
  readonly cached: Set<number>
  /** As in BodyOptions. */
  readonly decodes: boolean
  readonly sharesPast: boolean
}

/** Queries [B, T, n_heads * d_head], keys and values [B, T, n_kv_heads * d_head] of the new tokens, and the cache [B, n_kv_heads, P, d_head]. */
export interface AttentionValues {
  readonly q: Value
  readonly k: Value
  readonly v: Value
  readonly pastK: Value
  readonly pastV: Value
}
