import type { SteerableModel } from '@saeval/language-model'
import type { EditStage, Intervention } from '@saeval/sae-core'

/** A latent whose pre-activation equals its threshold as far as float32 can tell. */
export interface Tie {
  readonly hookPoint: string
  readonly latent: number
  /** |p - threshold| over the sum of the absolute values of what p is a sum of. */
  readonly margin: number
}

/** Half a unit in the last place of float32, twice: the rounding of p and that of the activation it is read from. */
const closest = 2 ** -23

/** p of each latent that a stage reads, as vectors of one stride, with the threshold that p is compared with. */
function* comparisons({ readers, saeReplacement }: EditStage) {
  for (const { slots } of readers)
    for (const { latent, encoder, bias, threshold } of slots)
      if (encoder.length > 0) yield { latent, encoder, at: 0, stride: 1, bias, threshold }
  if (saeReplacement === null) return
  const { encoder, bias, threshold, dSae } = saeReplacement.encoder
  for (let j = 0; j < dSae; j++)
    yield { latent: j, encoder, at: j, stride: dSae, bias: bias[j]!, threshold: threshold[j]! }
}

/**
 * Ties that the edits of a model meet on some texts, measured in float64 on the activations of this model. SAEs that normalise at run time, or
 * read another hook point, are not looked at.
 */
export async function findTies(
  model: SteerableModel,
  interventions: readonly Intervention[],
  texts: readonly (readonly number[])[],
): Promise<Tie[]> {
  const ties: Tie[] = []
  for (const [index, { hookPoint, stages }] of interventions.entries()) {
    const before = model.steer(interventions.slice(0, index))
    for (const ids of texts) {
      const { data, dims } = (await before.captureActivations(ids, [hookPoint])).get(hookPoint)!
      for (const stage of stages)
        for (const addend of stage.saeReplacement && stage.addend ? [null, stage.addend] : [null])
          for (const compared of comparisons(stage)) {
            const margin = smallestMargin(data, dims[1]!, addend, compared)
            if (margin <= closest) ties.push({ hookPoint, latent: compared.latent, margin })
          }
    }
  }
  return ties
}

function smallestMargin(
  data: Float32Array,
  width: number,
  addend: Float32Array | null,
  { encoder, at, stride, bias, threshold }: ReturnType<typeof comparisons> extends Generator<infer T> ? T : never,
): number {
  let smallest = Number.POSITIVE_INFINITY
  for (let start = 0; start < data.length; start += width) {
    let p = bias
    let size = Math.abs(bias)
    for (let i = 0; i < width; i++) {
      const term = (data[start + i]! + (addend?.[i] ?? 0)) * encoder[at + i * stride]!
      p += term
      size += Math.abs(term)
    }
    smallest = Math.min(smallest, Math.abs(p - threshold) / size)
  }
  return smallest
}

/** The same edits with the tied latents on the other side: thresholds moved by a share that is larger than any rounding of theirs. */
export function withTies(interventions: readonly Intervention[], ties: readonly Tie[], side: 'silent' | 'active') {
  const moved = (threshold: number) => threshold * (1 + (side === 'silent' ? 1e-5 : -1e-5))
  return interventions.map((intervention): Intervention => {
    const tied = new Set(ties.filter((tie) => tie.hookPoint === intervention.hookPoint).map(({ latent }) => latent))
    const stages = intervention.stages.map(
      (stage): EditStage => ({
        ...stage,
        readers: stage.readers.map((reader) => ({
          ...reader,
          slots: reader.slots.map((slot) =>
            tied.has(slot.latent) ? { ...slot, threshold: moved(slot.threshold) } : slot,
          ),
        })),
        saeReplacement: stage.saeReplacement && {
          ...stage.saeReplacement,
          encoder: {
            ...stage.saeReplacement.encoder,
            key: `${stage.saeReplacement.encoder.key} ${side}`,
            threshold: stage.saeReplacement.encoder.threshold.map((value, j) => (tied.has(j) ? moved(value) : value)),
          },
        },
      }),
    )
    return { ...intervention, stages }
  })
}
