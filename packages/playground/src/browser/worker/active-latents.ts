import { encode } from '@saeval/sae-core'
import { tokenTexts } from '@saeval/steering/internal/generate/token-texts'
import type { ActiveLatent, Parts } from '../protocol.js'
import type { Opened } from './open-playground.js'

/** Latents that are shown for a token. */
const shownLatents = 12

/** The most active latents of all SAEs on each token, in the model as it is. */
export async function activeLatents({ model, saes }: Opened, ids: readonly number[]): Promise<Parts['look']> {
  const active = ids.map((): ActiveLatent[] => [])
  for (const [index, sae] of saes.entries()) {
    const { hookPoint, dSae } = sae.config
    const x = (await model.captureActivations(ids, [hookPoint])).get(hookPoint)!.data
    const f = encode({ config: sae.config, tensors: await sae.load() }, x)
    for (const [token, found] of active.entries())
      for (let latent = 0; latent < dSae; latent++) {
        const activation = f[token * dSae + latent]!
        if (activation > 0) found.push({ sae: index, latent, activation })
      }
  }
  const pieces = tokenTexts(model.tokenizer, ids)
  return {
    tokens: active.map((found, token) => ({
      text: pieces[token]!,
      active: found.sort((a, b) => b.activation - a.activation).slice(0, shownLatents),
    })),
  }
}
