export type * from './language-model.js'
export * from './model-registry.js'
