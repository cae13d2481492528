import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import { runtimeFolder } from '../runtime-package.js'

/** The variable that names a folder with another onnxruntime than the installed one: one with CUDA, say. */
export const libraryVariable = 'SAEVAL_ONNXRUNTIME'

const names = /^(libonnxruntime\.so(\.\d+)*|libonnxruntime(\.\d+)*\.dylib|onnxruntime\.dll)$/

/** A wheel has its library in onnxruntime/capi, a release archive in lib: no deeper than this below the folder that is named. */
const deepest = 3

/**
 * onnxruntime's library that devices are used by: the one in the folder that SAEVAL_ONNXRUNTIME names, or below it (an onnxruntime-gpu wheel
 * where pip put it, an unpacked release archive), else the installed one. Throws InputError where there is none.
 */
export function libraryFile(env: NodeJS.ProcessEnv = process.env): string {
  const wanted = env[libraryVariable]
  const folder = wanted || runtimeFolder()
  const found = libraryIn(folder, deepest)
  if (found !== null) return found
  throw new InputError(
    wanted
      ? `${libraryVariable} is ${wanted}, but no onnxruntime library (libonnxruntime.so, libonnxruntime.dylib or onnxruntime.dll) is there or below it`
      : `${folder} holds no onnxruntime library: install @saeval/lm-backend-onnx again`,
  )
}

/** The first library in a folder, or the nearest below it. */
function libraryIn(folder: string, depth: number): string | null {
  const entries = entriesOf(folder)
  // of libonnxruntime.so and libonnxruntime.so.1.30.0, mostly links to one file, the plain name comes first
  const library = entries.filter((entry) => !entry.isDirectory() && names.test(entry.name)).map(({ name }) => name)
  if (library.length > 0) return join(folder, library.sort()[0]!)
  if (depth === 0) return null
  for (const entry of entries) {
    if (!entry.isDirectory()) continue
    const below = libraryIn(join(folder, entry.name), depth - 1)
    if (below !== null) return below
  }
  return null
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
