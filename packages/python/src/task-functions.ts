import type { FunctionResolver } from './functions/task-function.js'
import { NativeFunctions, nativeTaskFunction } from './native/native-functions.js'
import { Unsupported } from './native/unsupported.js'
import { pythonFunctions } from './pyodide/python-functions.js'
import type { PythonOptions } from './pyodide/python-worker.js'

/** A resolver for the functions of task files; `close` ends the Python that it may have started. */
export type TaskFunctions = FunctionResolver & { close(): Promise<void> }

/**
 * Runs the Python functions of task files, which were found in the folders `roots` (the built-in tasks and every --include_path): those
 * that keep to a small part of Python here, the others in CPython, which starts when the first of them is met.
 */
export function taskFunctions(roots: readonly string[], options: PythonOptions = {}): TaskFunctions {
  const native = new NativeFunctions(roots)
  const python = pythonFunctions(roots, options)
  return {
    async resolve(reference, use) {
      const found = natively(() => native.find(reference, use))
      if (found === null) return python.resolve(reference, use)
      return nativeTaskFunction(reference, found, () => python.resolve(reference, use))
    },
    async processDocs(reference) {
      const found = natively(() => native.find(reference, 'process_docs'))
      if (found === null) return python.processDocs(reference)
      return async (split) => {
        try {
          return await found.processDocs(split)
        } catch (error) {
          if (!(error instanceof Unsupported)) throw error
          return (await python.processDocs(reference))(split)
        }
      }
    },
    customDataset: (reference) => python.customDataset(reference),
    close: () => python.close(),
  }
}

function natively<Found>(find: () => Found): Found | null {
  try {
    return find()
  } catch (error) {
    if (error instanceof Unsupported) return null
    throw error
  }
}
