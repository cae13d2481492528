import type { SaeFile, Semantics, SteeringEdit } from '../packages/sae-core/src/index.js'

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
