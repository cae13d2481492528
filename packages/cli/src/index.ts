export { exitCode, main } from './main.js'
export type { Plugin, PluginRegistry } from './plugins/load-plugins.js'
export { registerModels } from './register-models.js'
