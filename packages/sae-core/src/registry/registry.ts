import { packedReleases } from '#packed-releases'

/** One SAE that SAELens knows by release and id. */
export interface RegisteredSae {
  readonly id: string
  /** Folder or file inside the release's repository. */
  readonly path: string
  /** "gemma-2-2b/20-gemmascope-res-16k", where Neuronpedia shows it. */
  readonly neuronpedia: string | null
  /** Factor that SAELens folds into the weights of SAEs trained on rescaled activations. */
  readonly normScalingFactor: number | null
  /** Average number of active latents, as published. */
  readonly l0: number | null
  readonly varianceExplained: number | null
}

/** One release of SAELens' registry: SAEs of one repository in one format. */
export interface Release {
  readonly release: string
  /** Hugging Face repository. */
  readonly repository: string
  /** The model the SAEs were made for, by Hugging Face or TransformerLens name. */
  readonly model: string
  /** Name of the format's loader in SAELens; "sae_lens" is its native one. */
  readonly loader: string
  /** Configuration values that replace those of the files. */
  readonly overrides: Readonly<Record<string, unknown>>
  readonly saes: readonly RegisteredSae[]
}

type PackedSae = readonly [
  id: string,
  path?: string | 0,
  neuronpedia?: string | 0,
  norm?: number,
  l0?: number,
  variance?: number,
]
type PackedRelease = Omit<Release, 'saes' | 'overrides'> & {
  readonly overrides?: Release['overrides']
  readonly saes: readonly PackedSae[]
}

let loaded: ReadonlyMap<string, Release> | null = null

/** All releases by name; read from the package's data file at the first call. */
export function releases(): ReadonlyMap<string, Release> {
  if (loaded === null) {
    const packed = packedReleases() as readonly PackedRelease[]
    loaded = new Map(packed.map((release) => [release.release, unpack(release)]))
  }
  return loaded
}

function unpack(packed: PackedRelease): Release {
  return { ...packed, overrides: packed.overrides ?? {}, saes: packed.saes.map(unpackSae) }
}

function unpackSae([id, path, neuronpedia, norm, l0, variance]: PackedSae): RegisteredSae {
  return {
    id,
    path: path || id,
    neuronpedia: neuronpedia || null,
    normScalingFactor: norm || null,
    l0: l0 || null,
    varianceExplained: variance || null,
  }
}
