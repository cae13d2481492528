import { existsSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import type { Split } from '../functions/dataset.js'
import type { FunctionReference } from '../functions/function-reference.js'
import { type FunctionUse, type TaskFunction, TaskFunctionError } from '../functions/task-function.js'
import { PythonError } from '../values/python-error.js'
import type { PyDict, PyValue } from '../values/value.js'
import { places } from './execute.js'
import { NativeDataset } from './native-dataset.js'
import { NativeModule } from './native-module.js'
import { withTurns } from './turns.js'
import { Unsupported } from './unsupported.js'
import { Callable, deepCopy, Raised, toPython, type Value } from './values.js'

/** What a function used natively is called for; filters are classes, which are left to CPython. */
const uses = new Set<FunctionUse>([
  'process_docs',
  'doc_to_text',
  'doc_to_target',
  'doc_to_choice',
  'process_results',
  'aggregation',
  'filter_fn',
  'samples',
])

/** Turns of loops and calls that a call may take, and those for each row of a dataset: a second of work or so. */
const turnsOfCall = 1_000_000
const turnsOfRow = 1000

/** A function that can be run without CPython; a call throws Unsupported where it turns out that it cannot. */
export interface NativeFunction {
  readonly source: string | null
  call(args: readonly PyValue[], keywords?: PyDict): PyValue
  /** As process_docs. */
  processDocs(split: Split): Promise<Split>
}

/**
 * Finds the functions of task files that keep to a small part of Python, which is run here with Python's own meaning; whatever else they
 * use leaves them to CPython. Nothing is run to find out.
 */
export class NativeFunctions {
  readonly #modules = new Map<string, NativeModule>()
  readonly #roots: readonly string[]

  constructor(roots: readonly string[]) {
    this.#roots = roots.map((root) => resolve(root))
  }

  /** Throws Unsupported for functions that are left to CPython. */
  find(reference: FunctionReference, use: FunctionUse): NativeFunction {
    if (!uses.has(use)) throw new Unsupported(use)
    const module = existsSync(reference.file)
      ? this.#module(resolve(reference.file))
      : this.#named(reference.name.slice(0, reference.name.lastIndexOf('.')), reference.folder)
    if (module === null) throw new Unsupported('a file that does not exist')
    const name = reference.functionName
    module.check(name)
    const body = module.get(name)
    if (!(body instanceof Callable)) throw new Unsupported('something else than a function')
    const run = (args: readonly Value[], keywords: ReadonlyMap<string, Value>, turns: number): Value => {
      try {
        return withTurns(turns, () => body.call(args, keywords))
      } catch (error) {
        // JavaScript's stack or memory
        if (error instanceof RangeError) throw new Unsupported('this depth or size')
        if (error instanceof Raised || error instanceof PythonError)
          throw new TaskFunctionError(error.exception, `${error.message} (${places.get(error) ?? module.file})`, {
            cause: error,
          })
        throw error
      }
    }
    return {
      source: module.sourceOf(name),
      call: (args, keywords = new Map()) =>
        toPython(
          run(
            args.map((arg) => deepCopy(arg as Value)),
            keywords as ReadonlyMap<string, Value>,
            turnsOfCall,
          ),
        ),
      processDocs: async (split) => {
        const dataset = new NativeDataset(split.columns, await split.rows())
        const result = run([dataset], new Map(), turnsOfCall + turnsOfRow * split.length)
        if (!(result instanceof NativeDataset)) throw new Unsupported('something else than a dataset')
        return {
          columns: result.columns,
          length: result.length,
          rows: async (start, end) => result.rows.slice(start, end),
        }
      },
    }
  }

  #module(file: string): NativeModule {
    const known = this.#modules.get(file) ?? new NativeModule(file, (name) => this.#named(name, file))
    this.#modules.set(file, known)
    return known
  }

  /** A module of the task tree by its name there. */
  #named(name: string, near: string): NativeModule | null {
    const inside = /^lm_eval\.tasks\.(.+)$/.exec(name)?.[1]
    if (inside === undefined) return null
    const at = near.indexOf(`${sep}lm_eval${sep}tasks${sep}`)
    const roots = at < 0 ? this.#roots : [near.slice(0, at + `${sep}lm_eval${sep}tasks`.length), ...this.#roots]
    const file = roots.map((root) => join(root, `${inside.replaceAll('.', sep)}.py`)).find((path) => existsSync(path))
    return file === undefined ? null : this.#module(file)
  }
}

/** A native function as the harness calls it; what it cannot do after all is done by `otherwise`, from then on. */
export function nativeTaskFunction(
  reference: FunctionReference,
  native: NativeFunction,
  otherwise: () => Promise<TaskFunction>,
): TaskFunction {
  let left: Promise<TaskFunction> | null = null
  return {
    reference,
    source: native.source,
    call: async (args, keywords) => {
      if (left === null) {
        try {
          return native.call(args, keywords)
        } catch (error) {
          if (!(error instanceof Unsupported)) throw error
        }
      }
      left ??= otherwise()
      return (await left).call(args, keywords)
    },
  }
}
