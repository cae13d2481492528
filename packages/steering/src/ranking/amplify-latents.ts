import { InputError } from '@saeval/hub'
import type { SteerableModel } from '@saeval/language-model'
import { encode, lowerEdits, type SaeFile, type SaeTensors } from '@saeval/sae-core'
import { summedRow } from '../edits/whole-row.js'
import { lensTokens, outputScore, topTokens } from './output-score.js'
import { tokenConfidence } from './token-confidence.js'

/** The neutral prompt of Arad et al. 2025. */
export const neutralPrompt = 'From my experience,'

/** What is added, as a multiple of the largest activation at the prompt's last token (Arad et al. 2025). */
export const amplification = 10

/** What amplifying a latent does to the next token of a neutral prompt. */
export interface AmplifiedLatent {
  readonly latent: number
  /** Tokens that the latent's decoder row, or the sum of its rows in several layers, raises most, by the logit lens. */
  readonly raises: readonly number[]
  /** See outputScore; null where the model's activations overflow, or no latent is active at the prompt's last token: 10 times nothing changes nothing. */
  readonly outputScore: number | null
  /** See tokenConfidence: with the latent amplified minus without, in nats; null as outputScore. */
  readonly confidenceChange: number | null
}

/** Settings that go through the model in one batch. */
const together = 64

/**
 * Amplifies latents one at a time at the last token of a prompt, by 10 times the largest activation of any latent there: one pass for each latent,
 * several as rows of a batch. Throws InputError for a model without unembed.
 */
export async function amplifyLatents(
  model: SteerableModel,
  sae: SaeFile,
  tensors: SaeTensors,
  latents: readonly number[],
  prompt = neutralPrompt,
): Promise<AmplifiedLatent[]> {
  if (model.unembed === undefined)
    throw new InputError('this model cannot rank latents by their output: it lacks unembed of SteerableModel')
  const { hookPoint, dIn } = sae.config
  const plain = model.steer([])
  const ids = model.tokenizer.encode(prompt)
  const { data } = (await plain.captureActivations(ids, [hookPoint])).get(hookPoint)!
  const largest = encode({ config: sae.config, tensors }, data.subarray(data.length - dIn)).reduce(
    (most, value) => Math.max(most, value),
    0,
  )
  const [unsteered] = await plain.lastLogits(ids, [[]])
  const before = tokenConfidence(unsteered!)
  const positions = { include: ['last_prompt'], exclude: [] } as const
  const found: AmplifiedLatent[] = []
  for (let at = 0; at < latents.length; at += together) {
    const some = latents.slice(at, at + together)
    const edit = { sae, action: 'add_latent', coefficient: amplification * largest, positions } as const
    const settings = await Promise.all(some.map((latent) => lowerEdits([{ ...edit, latent }])))
    const logits = await plain.lastLogits(ids, settings)
    const rows = await Promise.all(some.map((latent) => summedRow(sae, latent)))
    const lenses = await model.unembed(joined(rows))
    for (const [index, latent] of some.entries()) {
      const isKnown = largest > 0 && !Number.isNaN(logits[index]![0]!)
      const raises = topTokens(lenses[index]!, lensTokens)
      found.push({
        latent,
        raises,
        outputScore: isKnown ? outputScore(logits[index]!, raises) : null,
        confidenceChange: isKnown ? tokenConfidence(logits[index]!) - before : null,
      })
    }
  }
  return found
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const width = rows[0]?.length ?? 0
  const all = new Float32Array(rows.length * width)
  rows.forEach((row, index) => {
    all.set(row, index * width)
  })
  return all
}
