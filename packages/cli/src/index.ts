export { exitCode, main } from './main.js'
export { registerModels } from './register-models.js'
