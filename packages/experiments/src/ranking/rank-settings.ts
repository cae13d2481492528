/** What latents can be ranked by. */
export type Ranker = 'documents' | 'output' | 'confidence' | 'correlation' | 'slope'

/** A latent with its score and what the score is made of. */
export interface RankedLatent {
  readonly latent: number
  /** What it is about, by a features file; null without. */
  readonly label: string | null
  /** Larger is better; of `slope` and `correlation` its size counts. */
  readonly score: number
  /** Other numbers of the ranker, by name. */
  readonly details: Readonly<Record<string, number | string>>
}
