export { type Feature, readFeaturesFile } from './edits/features-file.js'
export { readSteeringFile, type SteeringFile } from './edits/read-steering-file.js'
export { type EditEffect, measureEffects } from './effects/edit-effects.js'
export { type GenerateOptions, type GeneratePlan, generate } from './generate/generate.js'
export type {
  Generation,
  GenerationLatent,
  GenerationPrompt,
  Generations,
  GenerationToken,
} from './generate/generations.js'
export { type InspectedSae, type InspectOptions, inspect, inspectArguments } from './inspect/inspect.js'
export { type Inspection, inspectText } from './inspect/inspect-text.js'
export { type CsvSteering, type LoweredSteering, openCsvSteering } from './models/csv-steering.js'
export type { SplitArguments } from './models/open-base.js'
export { type OpenSteering, openSteering, type SteeringModel, steeringModels } from './models/open-steering.js'
export { saeSteeredBeta, saeSteeredBetaArguments } from './models/sae-steered-beta.js'
export { steered, steeredArguments } from './models/steered.js'
export type { LoweredEdits, LowerOptions, Steering } from './models/steering.js'
export type { CheckResult } from './verify/check.js'
export { type Verification, type VerifyOptions, verify, verifyDevice, verifySteering } from './verify/verify.js'
