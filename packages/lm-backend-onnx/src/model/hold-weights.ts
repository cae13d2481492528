import { formOf } from '../graph/graph-form.js'
import { quantizeWeights } from '../quantized/quantized-weights.js'
import type { Provider } from '../runtime/protocol.js'
import type { ModelSpec } from '../spec/model-spec.js'
import { beyondFloat16 } from '../weights/beyond-float16.js'
import type { ModelWeights, StoredWeights } from '../weights/model-weights.js'
import type { Holding } from '../weights/precision.js'
import { residenceOf } from '../weights/residence.js'
import type { LoadModelOptions } from './load-model-options.js'

/** What decides how weights are held. */
export interface HoldOptions extends Holding {
  readonly spec: ModelSpec
  readonly stored: StoredWeights
  readonly provider: Provider
  readonly packUpTo: number
  readonly plansOnly: boolean
}

/** The weights as the model uses them, and what removes files that were made for this run. */
export async function holdWeights(
  { model, hub = {}, notice = () => {} }: LoadModelOptions,
  { spec, stored, provider, precision, bits, packUpTo, plansOnly }: HoldOptions,
): Promise<{ readonly weights: ModelWeights; dispose(): void }> {
  const floatBytes = 4 * stored.numParameters
  const residence = residenceOf(provider, floatBytes, packUpTo)
  const kept =
    formOf(provider, 'float32').storage.bfloat16 === 'float16' && !plansOnly
      ? await beyondFloat16({ spec, stored, precision, modelName: model, notice })
      : new Map()
  if (bits === null) return { weights: { ...stored, precision, residence, quantized: null, kept }, dispose: () => {} }
  // those of a small model are made in no time
  const keep = floatBytes > packUpTo
  const held = await quantizeWeights({ spec, stored, bits, modelName: model, keep, hub, notice })
  return {
    weights: {
      ...held.stored,
      precision,
      residence: residence === 'device' ? residence : 'packed',
      quantized: held.quantized,
      kept,
    },
    dispose: held.dispose,
  }
}
