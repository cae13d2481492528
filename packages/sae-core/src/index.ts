export { type ApplyOptions, applyIntervention } from './edits/apply-intervention.js'
export { EditError } from './edits/edit-error.js'
export { type HeadSize, headSizeAt } from './edits/head-size.js'
export { type LowerOptions, lowerEdits } from './edits/lower-edits.js'
export { type EditAction, editActions, type Semantics, type SteeringEdit } from './edits/steering-edit.js'
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
export { openSae, type SaeFile, type SaeTensors } from './loaders/open-sae.js'
export { registerSaeLoader, type SaeFormat, saeFormats } from './loaders/own-formats.js'
export { type SaeArray, stored } from './loaders/sae-array.js'
export type { SaeFileIdentity, SaePlace } from './loaders/sae-place.js'
export { decode, errorTerm, forward } from './math/decode.js'
export { encode, preActivations } from './math/encode.js'
export type { Sae } from './math/sae-input.js'
export {
  describeSelection,
  internSelection,
  isSelected,
  type PositionSelection,
  type PositionTerm,
  parsePositions,
  type TokenPlace,
} from './position-selection.js'
export { arriving, readPoint } from './read-point.js'
export { baseModelRepository } from './registry/base-models.js'
export { findSae, type SaeReference } from './registry/find-sae.js'
export { findNeuronpedia } from './registry/neuronpedia.js'
export { type RegisteredSae, type Release, releases } from './registry/registry.js'
export { describeListed, type ListedSae, parseWidth, type SaeSearch, searchSaes } from './registry/search-saes.js'
export { type Architecture, plainConfig, type SaeConfig } from './sae-config.js'
export { openSafetensors } from './tensors/safetensors-file.js'
