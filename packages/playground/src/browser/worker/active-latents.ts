import { encode, type SaeFile, type SaeTensors } from '@saeval/sae-core'
import type { ActiveLatent, Parts, Requests } from '../protocol.js'
import type { Opened } from './open-playground.js'

/** Latents that are shown for a token. */
const shownLatents = 12

/** Finds the most active latents of all SAEs on a token of a text, in the model as it is. */
export type LookAtToken = (request: Requests['look'], signal: AbortSignal) => Promise<Parts['look']>

/** What is read of an SAE's files is kept, and the activations of the text that was looked at last. */
export function lookAtTokens({ model, saes }: Pick<Opened, 'model' | 'saes'>): LookAtToken {
  const tensors = new Map<SaeFile, Promise<SaeTensors>>()
  const hookPoints = [...new Set(saes.map(({ config }) => config.hookPoint))]
  let last: { readonly text: string; readonly captured: Awaited<ReturnType<typeof model.captureActivations>> } | null =
    null
  return async ({ ids, index }, signal) => {
    const text = ids.join()
    if (hookPoints.length > 0 && last?.text !== text)
      last = { text, captured: await model.captureActivations(ids, hookPoints) }
    const active: ActiveLatent[] = []
    for (const [at, sae] of saes.entries()) {
      // a token that is chosen meanwhile counts
      signal.throwIfAborted()
      const { hookPoint, dIn, dSae, architecture } = sae.config
      const known = tensors.get(sae) ?? sae.load()
      tensors.set(sae, known)
      const x = last!.captured.get(hookPoint)!.data
      // one token, but where the SAE reads those before it
      const from = architecture === 'temporal' ? 0 : index
      const f = encode({ config: sae.config, tensors: await known }, x.subarray(from * dIn, (index + 1) * dIn))
      for (const [latent, activation] of f.subarray(-dSae).entries())
        if (activation > 0) active.push({ sae: at, latent, activation })
    }
    return { active: active.sort((a, b) => b.activation - a.activation).slice(0, shownLatents) }
  }
}
