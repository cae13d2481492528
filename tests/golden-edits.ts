import type { SaeFile, Semantics, SteeringEdit } from '../packages/sae-core/src/index.js'
import { fixtureJson } from './fixtures.js'
import { readGoldenTensors } from './golden-tensors.js'

/** A row or case of the goldens under golden/steering. */
export interface GoldenCase {
  key: string
  semantics: Semantics
  action: SteeringEdit['action'] | 'rows'
  latent?: number
  alpha?: number
  factor?: number
  threshold?: number
  gate_latent?: number
  set_latent?: number
  bias?: string | null
  rows?: GoldenCase[]
}

/** The edits of a golden case, in row order. */
export function goldenEdits(sae: SaeFile, item: GoldenCase): SteeringEdit[] {
  return (item.rows ?? [item]).map(
    (row): SteeringEdit => ({
      sae,
      action: row.action as SteeringEdit['action'],
      latent: row.latent ?? row.gate_latent!,
      coefficient: row.alpha ?? row.factor ?? 0,
      ...(row.threshold === undefined ? {} : { threshold: row.threshold }),
      ...(row.set_latent === undefined ? {} : { setLatent: row.set_latent }),
      ...(row.bias === 'b_dec' ? { fromDecoderBias: true } : {}),
    }),
  )
}

/** TEMPORARY: an SAE made of a golden's own tensors. */
// biome-ignore lint/suspicious/noExplicitAny: goldens are data of many shapes
export function memorySae(name: string): any {
  const golden = fixtureJson(`golden/saes/${name}.json`)
  const state = readGoldenTensors(`golden/saes/${name}.safetensors`)
  const get = (key: string) => state.get(`state.${key}`) ?? null
  const wEnc = get('W_enc')!
  const wDec = get('W_dec')!
  const { d_in: dIn, d_sae: dSae, d_out: dOut } = golden
  const gate = get('b_gate') ? { bGate: get('b_gate')!, bMag: get('b_mag')!, rMag: get('r_mag')! } : null
  return {
    reference: { release: golden.release, id: golden.sae_id, place: { folder: name }, path: name },
    config: {
      architecture: golden.architecture,
      dIn,
      dSae,
      dOut,
      hookPoint: golden.hook_name,
      hookPointOut: golden.hook_name_out ?? golden.hook_name,
      applyBDecToInput: golden.apply_b_dec_to_input,
      normalization:
        golden.normalize_activations === 'expected_average_only_in' ? 'none' : golden.normalize_activations,
      inputScale: 1,
      centreInput: false,
      reshapeHookZ: false,
      foldedFactor: 1,
      k: golden.k,
      rescaleActsByDecoderNorm: golden.rescale_acts_by_decoder_norm ?? false,
    },
    decoderRow: async (i: number) => wDec.slice(i * dOut, (i + 1) * dOut),
    encoderColumns: async (list: number[]) =>
      list.map((j) => Float32Array.from({ length: dIn }, (_, i) => wEnc[i * dSae + j]!)),
    latentParameters: async (j: number) => ({
      bias: gate ? gate.bMag[j] : get('b_enc')![j],
      threshold: get('threshold')?.[j] ?? 0,
      gate: gate ? { scale: Math.exp(gate.rMag[j]!), bias: gate.bGate[j] } : null,
    }),
    decoderBias: async () => get('b_dec')!,
    load: async () => ({
      wEnc,
      wDec,
      bEnc: get('b_enc'),
      bDec: get('b_dec')!,
      threshold: get('threshold'),
      gate,
      wSkip: null,
      attention: [],
    }),
    close: async () => {},
  }
}
