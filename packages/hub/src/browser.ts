// What this package is in a browser ("browser" in package.json): files that the page was given, and no hub.
export type { ByteSource } from './byte-source.js'
export { mountedBytes, mountFiles, unmountFile } from './disk.browser.js'
export type { Environment } from './environment.js'
export type { ModelFiles } from './folder-files.js'
export type { HubOptions } from './hub-settings.js'
export { InputError } from './input-error.js'
export { openLocalFile } from './local-file.js'
export { didYouMean } from './nearest-names.js'
export {
  openFiles,
  openRepositoryFile,
  repositoryFile,
  repositoryFileIfPresent,
  resolveRepository,
} from './no-hub.browser.js'
export type { Repository, RepositoryType } from './repository.js'
export {
  readSafetensorsIndex,
  readTensor,
  readTensorRows,
  type SafetensorsDtype,
  type SafetensorsIndex,
  type TensorEntry,
} from './safetensors.js'
export {
  call,
  lines,
  type Named,
  type Notice,
  option,
  type Said,
  Sentence,
  SentenceError,
  sentence,
} from './sentence.js'
export { systemReason } from './system-reason.js'
