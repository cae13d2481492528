import type { RuntimeNormalization } from './intervention.js'

/**
 * SAELens' architectures, and sparsify's groupmax. Batch-top-k SAEs are stored as jumprelu with one threshold for all latents.
 * Formulas: math/encode.ts and math/decode.ts.
 */
export const architectures = [
  'standard',
  'gated',
  'jumprelu',
  'topk',
  'groupmax',
  'transcoder',
  'jumprelu_transcoder',
  'skip_transcoder',
  'jumprelu_skip_transcoder',
  'temporal',
  'matching_pursuit',
] as const

export type Architecture = (typeof architectures)[number]

/** How pre-activations become activations. Only relu, jumprelu and gated decide about a latent without looking at the others. */
export type Activation = 'relu' | 'jumprelu' | 'gated' | 'topk' | 'groupmax' | 'temporal' | 'matching_pursuit'

/** What an SAE is, after SAELens' conversions; sizes are those of its tensors. */
export interface SaeConfig {
  readonly architecture: Architecture
  readonly dIn: number
  /** dIn except for transcoders. */
  readonly dOut: number
  readonly dSae: number
  /** TransformerLens name of the activation the SAE reads. */
  readonly hookPoint: string
  /** Where its output belongs: `hookPoint` except for transcoders. */
  readonly hookPointOut: string
  /**
   * The first hook point that latents write to, where those of their set write to several, though those of the last layer to one only; null for most SAEs.
   * What is read there is what arrives.
   */
  readonly severalFrom: string | null
  /** Set where latents read more than `hookPoint`: they cannot be computed where their edits begin. */
  readonly readsBeyond: ReadsBeyond | null
  /** The same places as Hugging Face modules ("model.layers.13.output"), where the SAE's files name them. */
  readonly hfHookPoint: string | null
  readonly hfHookPointOut: string | null
  /** The model it was made for, by Hugging Face or TransformerLens name; null when its files do not say. */
  readonly modelName: string | null
  /** Whether b_dec is subtracted from the input before encoding. */
  readonly applyBDecToInput: boolean
  readonly normalization: RuntimeNormalization
  /** What the input is multiplied by before encoding and the output divided by (SAELens' constant_scalar_rescale); 1 for most SAEs. */
  readonly inputScale: number
  /** Whether the mean over d_in is subtracted from the input first: the SAE was trained on a residual stream with centred writing weights. */
  readonly centreInput: boolean
  /** Whether the activation has a head axis that is flattened for the SAE. */
  readonly reshapeHookZ: boolean
  /** Factor already applied to W_enc (times), W_dec and b_dec (divided by); 1 for most SAEs. */
  readonly foldedFactor: number
  /** Set where training multiplied activations by a factor that no file of the SAE has: its latents are in other units; see withNormFactor. */
  readonly missingFactor: MissingFactor | null
  /** topk: how many latents may be active; groupmax: the number of groups; null otherwise. */
  readonly k: number | null
  /** topk: pre-activations are multiplied by the length of the latent's decoder row before the k largest are taken, activations divided by it. */
  readonly rescaleActsByDecoderNorm: boolean
  /** Whether W_skip times the raw input belongs to the output. */
  readonly skipConnection: boolean
  /** temporal only. */
  readonly temporal: TemporalConfig | null
  /** matching_pursuit only. */
  readonly matchingPursuit: MatchingPursuitConfig | null
}

/** What keeps the latents of a crosscoder from being computed in a pass through one model. */
export interface ReadsBeyond {
  /** What they read, in words: "the activations of two models". */
  readonly what: string
  /** Whether it is known by what training multiplied activations (`inputScale`): without it nothing says what one unit of a latent adds. */
  readonly knowsScale: boolean
}

/** A norm factor that is not known (SAELens' expected_average_only_in), and what its training measured it on. */
export interface MissingFactor {
  /** The configuration that asks for it. */
  readonly file: string
  readonly field: string
  /** Tokens of a context in training. */
  readonly contextSize: number
  /** Whether each context began with BOS. */
  readonly prependBos: boolean
}

export interface TemporalConfig {
  readonly nHeads: number
  /** Query and key size: d_sae / bottleneckFactor. */
  readonly bottleneckFactor: number
  /** Whether only the kvalTopk largest novel codes stay. */
  readonly diffType: 'relu' | 'topk'
  readonly kvalTopk: number | null
  /** W_enc is the transposed W_dec. */
  readonly tiedWeights: boolean
}

export interface MatchingPursuitConfig {
  /** Stop once the residual is shorter. */
  readonly residualThreshold: number
  /** null: d_in. */
  readonly maxIterations: number | null
  /** Stop once a step changes no latent from silent to active. */
  readonly stopOnDuplicateSupport: boolean
}

/** The activation function of an architecture. */
export function activationOf({ architecture }: Pick<SaeConfig, 'architecture'>): Activation {
  switch (architecture) {
    case 'standard':
    case 'transcoder':
    case 'skip_transcoder':
      return 'relu'
    case 'jumprelu_transcoder':
    case 'jumprelu_skip_transcoder':
      return 'jumprelu'
    default:
      return architecture
  }
}

/** What most SAEs are: one hook point, no scaling, nothing kept from SAELens' rarer options. */
export function plainConfig(
  config: Pick<SaeConfig, 'architecture' | 'dIn' | 'dSae' | 'hookPoint' | 'modelName'> & Partial<SaeConfig>,
): SaeConfig {
  return {
    dOut: config.dIn,
    hookPointOut: config.hookPoint,
    severalFrom: null,
    readsBeyond: null,
    hfHookPoint: null,
    hfHookPointOut: null,
    applyBDecToInput: false,
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
    ...config,
  }
}
