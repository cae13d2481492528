import type { SaeFile } from './open-sae.js'

/**
 * An SAE that asks for a norm factor it does not have (`config.missingFactor`) with that factor folded in, as foldFactor does at load. Its files
 * stay those of the SAE given, which is the one to close.
 */
export function withNormFactor(sae: SaeFile, factor: number): SaeFile {
  const times = (by: number) => (values: Float32Array) => values.map((value) => value * by)
  const [up, down] = [times(factor), times(1 / factor)]
  return {
    ...sae,
    config: { ...sae.config, missingFactor: null, foldedFactor: factor },
    decoderRow: async (latent) => down(await sae.decoderRow(latent)),
    rowLengths: async () => (await sae.rowLengths()).map((length) => length / factor),
    encoderColumns: async (latents) => (await sae.encoderColumns(latents)).map(up),
    decoderBias: async () => down(await sae.decoderBias()),
    load: async () => {
      const tensors = await sae.load()
      return { ...tensors, wEnc: up(tensors.wEnc), wDec: down(tensors.wDec), bDec: down(tensors.bDec) }
    },
  }
}
