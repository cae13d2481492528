export { type ApplyOptions, applyIntervention, latentActivations } from './edits/apply-intervention.js'
export { type CheckedEdit, checkEdit, hasOwnLatents } from './edits/check-edit.js'
export { EditError } from './edits/edit-error.js'
export { type EffectiveLatent, effectiveLatents } from './edits/effective-latent.js'
export { type LowerOptions, lowerChecked, lowerEdits } from './edits/lower-edits.js'
export { lowerVectors, type VectorEdit } from './edits/lower-vectors.js'
export {
  type EditAction,
  editActions,
  type Semantics,
  type SteeringEdit,
  semanticsNames,
} from './edits/steering-edit.js'
export { type HookPoint, type HookPointKind, parseHookPoint } from './hook-point.js'
export {
  addStage,
  type EditStage,
  type FromEdit,
  type Gate,
  type Intervention,
  type LatentReader,
  type LatentSlot,
  type LatentUpdate,
  type Membership,
  type RuntimeNormalization,
  type SaeReplacement,
  type SelectiveAdd,
  type WholeDecoder,
  type WholeEncoder,
} from './intervention.js'
export { inMemory } from './loaders/in-memory.js'
export type { LoadedSae, Loader, SaeArrays } from './loaders/loader.js'
export {
  type AttentionTensors,
  type LatentParameters,
  type LinearTensors,
  openSae,
  type SaeFile,
  type SaeTensors,
} from './loaders/open-sae.js'
export { registerSaeLoader, type SaeFormat, saeFormats } from './loaders/own-formats.js'
export { type SaeArray, stored } from './loaders/sae-array.js'
export type { SaeFileIdentity, SaePlace } from './loaders/sae-place.js'
export { withNormFactor } from './loaders/with-norm-factor.js'
export { decode, errorTerm, forward } from './math/decode.js'
export { encode, preActivations } from './math/encode.js'
export type { Sae } from './math/sae-input.js'
export { type TemporalCodes, temporalCodes } from './math/temporal.js'
export {
  describeSelection,
  internSelection,
  isSelected,
  type PositionSelection,
  type PositionTerm,
  parsePositions,
  type TokenPlace,
} from './position-selection.js'
export { baseModelRepository, isSameModel } from './registry/base-models.js'
export { checkSaeName, findSae, isListedRelease, type SaeNameProblem, type SaeReference } from './registry/find-sae.js'
export { findNeuronpedia, type LatentReference } from './registry/neuronpedia.js'
export { type RegisteredSae, type Release, releases } from './registry/registry.js'
export { describeListed, type ListedSae, parseWidth, type SaeSearch, searchSaes } from './registry/search-saes.js'
export {
  type Activation,
  type Architecture,
  activationOf,
  architectures,
  type MatchingPursuitConfig,
  type MissingFactor,
  plainConfig,
  type SaeConfig,
  type TemporalConfig,
} from './sae-config.js'
export { openSafetensors } from './tensors/safetensors-file.js'
export type { PickleMap, PickleValue } from './torch/pickle.js'
export { type LoadedTorchFile, openTorchFile } from './torch/torch-file.js'
export { TorchStorage, TorchTensor } from './torch/torch-world.js'
