import type { Membership, WholeDecoder, WholeEncoder } from '../intervention.js'
import type { SaeFile, SaeTensors } from '../loaders/open-sae.js'
import { activationOf, type SaeConfig } from '../sae-config.js'

interface WholeSae {
  readonly encoder: WholeEncoder
  readonly decoder: WholeDecoder
}

const known = new WeakMap<SaeFile, Promise<WholeSae>>()

/** All latents of an SAE in one matrix, as LatentSlot and effectiveLatents describe one; reads the whole file, once. */
export function wholeSae(sae: SaeFile): Promise<WholeSae> {
  let whole = known.get(sae)
  if (!whole) {
    whole = sae.load().then((tensors) => foldAll(sae, tensors))
    known.set(sae, whole)
  }
  return whole
}

function foldAll({ config, key }: SaeFile, tensors: SaeTensors): WholeSae {
  const { dIn, dSae, dOut, inputScale } = config
  const { wEnc, wDec, bDec, gate } = tensors
  const lengths = config.rescaleActsByDecoderNorm ? rowLengths(wDec, dSae, dOut) : null
  const encoder = new Float32Array(dIn * dSae)
  const bias = new Float32Array(dSae)
  const threshold = new Float32Array(dSae)
  for (let j = 0; j < dSae; j++) {
    // see effectiveLatents for the two paths of gated SAEs
    const stretch = (gate === null ? 1 : Math.exp(gate.rMag[j]!)) * (lengths?.[j] ?? 1)
    let sum = 0
    let shift = 0
    for (let i = 0; i < dIn; i++) {
      const value = wEnc[i * dSae + j]!
      sum += value
      if (config.applyBDecToInput) shift += value * bDec[i]!
    }
    const mean = config.centreInput ? sum / dIn : 0
    for (let i = 0; i < dIn; i++) encoder[i * dSae + j] = stretch * inputScale * (wEnc[i * dSae + j]! - mean)
    const own = gate === null ? tensors.bEnc![j]! * (lengths?.[j] ?? 1) : gate.bMag[j]!
    bias[j] = own - stretch * shift
    const above = gate === null ? (tensors.threshold?.[j] ?? 0) : own - stretch * gate.bGate[j]!
    threshold[j] = Math.max(0, above)
  }
  // transcoders undo neither scale nor normalisation
  const isTranscoder = config.hookPoint !== config.hookPointOut
  const back = isTranscoder ? 1 : inputScale
  const decoder = wDec.map((value, at) => value / (back * (lengths?.[Math.floor(at / dOut)] ?? 1)))
  return {
    encoder: {
      key: JSON.stringify([key, config.centreInput, config.foldedFactor]),
      dSae,
      encoder,
      bias,
      threshold,
      membership: membershipOf(config),
    },
    decoder: {
      decoder,
      bias: bDec.map((value) => value / back),
      restoresMean: config.normalization === 'layer_norm' && !config.centreInput && !isTranscoder,
    },
  }
}

const plain = new WeakMap<SaeFile, SaeFile>()

/** The same SAE without centring of its input: what it makes of an input that was centred before. */
export function uncentred(sae: SaeFile): SaeFile {
  if (!sae.config.centreInput) return sae
  const known = plain.get(sae) ?? { ...sae, config: { ...sae.config, centreInput: false } }
  plain.set(sae, known)
  return known
}

/** Which latents an SAE lets be active together. */
export function membershipOf(config: SaeConfig): Membership {
  const activation = activationOf(config)
  if (activation !== 'topk' && activation !== 'groupmax') return { kind: 'all' }
  return { kind: activation, count: Math.min(config.k!, config.dSae) }
}

/** |W_dec[i]| of each row. */
function rowLengths(wDec: Float32Array, dSae: number, dOut: number): Float64Array {
  return Float64Array.from({ length: dSae }, (_, j) => {
    let squares = 0
    for (let i = 0; i < dOut; i++) squares += wDec[j * dOut + i]! ** 2
    return Math.sqrt(squares)
  })
}
