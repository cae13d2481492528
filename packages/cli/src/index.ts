export { exitCode, main } from './main.js'
export { registerModels } from './models/register.js'
