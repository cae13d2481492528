export { checkAnswers } from './check-answers.js'
export { checkModel } from './check-model.js'
export type { GenerationSettings } from './generation-settings.js'
export { inPartsOf, mapAnswers, samePlan, wholeLists } from './in-parts.js'
export type * from './language-model.js'
export {
  getModelFactory,
  type ModelArgument,
  type ModelArguments,
  type ModelContext,
  type ModelFactory,
  registeredModels,
  registerModel,
} from './model-registry.js'
