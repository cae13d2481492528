import type { SteerableModel } from '@saeval/language-model'
import { encode, type Sae } from '@saeval/sae-core'
import { lastTokens } from '../edits/last-tokens.js'

/**
 * Activations [tokens, d_sae] of an SAE on a text of the model as it is, leaving out special tokens and those before `from`. Of a text that is longer than
 * the model takes, the last tokens, as in scoring.
 */
export async function readLatents(
  model: SteerableModel,
  sae: Sae,
  text: readonly number[],
  from = 0,
): Promise<Float32Array> {
  const { hookPoint, dIn, dSae } = sae.config
  const ids = lastTokens(model, text)
  const first = from - (text.length - ids.length)
  const { data } = (await model.captureActivations(ids, [hookPoint])).get(hookPoint)!
  const all = encode(sae, data)
  const kept = ids.flatMap((id, at) => (at < first || model.tokenizer.specialIds.has(id) ? [] : [at]))
  const read = new Float32Array(kept.length * dSae)
  kept.forEach((at, index) => {
    read.set(all.subarray(at * dSae, (at + 1) * dSae), index * dSae)
  })
  if (data.length !== ids.length * dIn)
    throw new Error(`captureActivations gave ${data.length} numbers for ${ids.length} tokens`)
  return read
}
