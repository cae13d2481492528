export type { ByteSource } from './byte-source.js'
export { cacheFolder } from './cache-folder.js'
export type { Environment } from './environment.js'
export type { ModelFiles } from './folder-files.js'
export type { RepositoryEntry } from './hub-entries.js'
export type { HubLimits } from './hub-limits.js'
export type { HubOptions } from './hub-settings.js'
export { InputError } from './input-error.js'
export { listRepositoryFiles } from './list-repository-files.js'
export { openLocalFile } from './local-file.js'
export { makeFolder, makeWritableFolder } from './make-folder.js'
export { openFiles } from './model-files.js'
export { didYouMean } from './nearest-names.js'
export { type Repository, type RepositoryType, resolveRepository } from './repository.js'
export { openRepositoryFile, repositoryFile, repositoryFileIfPresent } from './repository-file.js'
export { openRepositoryWriter, type RepositoryWriter, type UploadedFile } from './repository-writer.js'
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
export { FullDiskError, WriteError, writeError } from './write-error.js'
export { writeFiles } from './write-files.js'
