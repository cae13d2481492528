import type { Architecture, SaeConfig, SaeFile } from '../packages/sae-core/src/index.js'

/** Repeatable numbers, about normally distributed. */
export function randomNumbers(seed: number): (count: number, scale?: number) => Float32Array {
  let state = seed >>> 0
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  return (count, scale = 1) =>
    Float32Array.from({ length: count }, () => scale * (uniform() + uniform() + uniform() + uniform() - 2) * 1.7)
}

/** An SAE of random weights that lies nowhere: what edits read of an SAE, without a file. */
export function randomSae(seed: number, wanted: { architecture: Architecture } & Partial<SaeConfig>): SaeFile {
  const config: SaeConfig = {
    dIn: 12,
    dOut: wanted.dIn ?? 12,
    dSae: 40,
    hookPoint: 'blocks.0.hook_resid_post',
    hookPointOut: wanted.hookPoint ?? 'blocks.0.hook_resid_post',
    severalFrom: null,
    readsBeyond: null,
    hfHookPoint: null,
    hfHookPointOut: null,
    modelName: null,
    applyBDecToInput: true,
    normalization: 'none',
    inputScale: 1,
    centreInput: false,
    reshapeHookZ: false,
    foldedFactor: 1,
    missingFactor: null,
    k: null,
    rescaleActsByDecoderNorm: false,
    skipConnection: false,
    temporal: null,
    matchingPursuit: null,
    ...wanted,
  }
  const { dIn, dOut, dSae } = config
  const random = randomNumbers(seed)
  const wEnc = random(dIn * dSae, 0.5)
  const wDec = random(dSae * dOut, 0.5)
  const bEnc = random(dSae, 0.3)
  const bDec = random(dOut, 0.3)
  const threshold = config.architecture.startsWith('jumprelu') ? random(dSae, 0.4).map(Math.abs) : null
  const gate =
    config.architecture === 'gated' ? { bGate: random(dSae, 0.3), bMag: bEnc, rMag: random(dSae, 0.2) } : null
  return {
    reference: { release: 'random', id: String(seed), place: { folder: '' }, path: '' } as SaeFile['reference'],
    key: JSON.stringify([seed, config]),
    config,
    decoderRow: async (latent) => wDec.slice(latent * dOut, (latent + 1) * dOut),
    rowLengths: async () =>
      Float64Array.from({ length: dSae }, (_, at) => Math.hypot(...wDec.subarray(at * dOut, (at + 1) * dOut))),
    encoderColumns: async (latents) =>
      latents.map((latent) => Float32Array.from({ length: dIn }, (_, i) => wEnc[i * dSae + latent]!)),
    latentParameters: async (latent) => ({
      bias: bEnc[latent]!,
      threshold: threshold?.[latent] ?? 0,
      gate: gate && { scale: Math.exp(gate.rMag[latent]!), bias: gate.bGate[latent]! },
    }),
    decoderBias: async () => bDec,
    laterLayers: [],
    load: async () => ({
      wEnc,
      wDec,
      bEnc: gate ? null : bEnc,
      bDec,
      threshold,
      gate,
      wSkip: null,
      attention: [],
    }),
    files: async () => [],
    close: async () => {},
  }
}
