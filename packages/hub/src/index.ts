export type { ByteSource } from './byte-source.js'
export { InputError } from './input-error.js'
