export { answerAll } from './answer-all.js'
export { generateUntil, loglikelihood, loglikelihoodRolling } from './ask.js'
export { checkModel } from './check-model.js'
export { defaultSeed } from './default-seed.js'
export { type GenerationSettings, plainSettings } from './generation-settings.js'
export type {
  ChatMessage,
  ChatTemplate,
  GeneratedTokens,
  LanguageModel,
  ModelFile,
  PlannedWork,
  ReadRequests,
  RequestOptions,
  Work,
} from './language-model.js'
export {
  type ArgumentKind,
  type ArgumentKinds,
  type ModelArgument,
  type ModelArguments,
  readArguments,
} from './model-arguments.js'
export type { Counted, ModelInfo, ModelReport } from './model-info.js'
export {
  type DeviceChoice,
  deviceChoice,
  getModelFactory,
  type MeasuredNumbers,
  type ModelContext,
  type ModelFactory,
  registerModel,
} from './model-registry.js'
export { type ReadersByType, readByType } from './read-by-type.js'
export { type ListAnswerers, readLists } from './read-lists.js'
export {
  type Answers,
  type AnswerTo,
  type GenerateUntilRequest,
  type LoglikelihoodRequest,
  type LoglikelihoodResult,
  type LoglikelihoodRollingRequest,
  type ModelRequest,
  type RequestOf,
  type RequestType,
  requestTypes,
} from './requests.js'
export { requireSteerable } from './require-steerable.js'
export { SelectionError } from './selection-error.js'
export type {
  Activation,
  Hook,
  HookedRun,
  LayerNorms,
  ScoredRow,
  ScoringRow,
  SteerableModel,
  TextOptions,
} from './steerable-model.js'
export type { SpecialToken, TextTokenizer } from './text-tokenizer.js'
export { type ModelLayer, steerableOf, wrapModel } from './wrap-model.js'
