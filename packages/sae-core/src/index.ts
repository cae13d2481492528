export { baseModelRepository, isSameModel } from './base-models.js'
export { applyIntervention } from './edits/apply-intervention.js'
export { type EffectiveLatent, effectiveLatents } from './edits/effective-latent.js'
export { lowerEdits } from './edits/lower-edits.js'
export type { EditAction, SteeringEdit } from './edits/steering-edit.js'
export { type HookPoint, type HookPointKind, parseHookPoint } from './hook-point.js'
export type { EditStage, Intervention, LatentSlot, LatentUpdate, RuntimeNormalization } from './intervention.js'
export {
  type AttentionTensors,
  type LatentParameters,
  type LinearTensors,
  openSae,
  type SaeFile,
  type SaeTensors,
} from './loaders/open-sae.js'
export type { SaeFileIdentity } from './loaders/sae-place.js'
export { decode, errorTerm, forward } from './math/decode.js'
export { encode, preActivations, type Sae } from './math/encode.js'
export { type TemporalCodes, temporalCodes } from './math/temporal.js'
export { checkSaeName, findSae, type SaeNameProblem, type SaeReference } from './registry/find-sae.js'
export { type RegisteredSae, type Release, releases } from './registry/registry.js'
export {
  type Activation,
  type Architecture,
  activationOf,
  architectures,
  type MatchingPursuitConfig,
  type SaeConfig,
  type TemporalConfig,
} from './sae-config.js'
