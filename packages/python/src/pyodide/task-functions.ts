import { existsSync } from 'node:fs'
import { InputError } from '@saeval/hub'
import type { Dataset, Split } from '../functions/dataset.js'
import type { FunctionReference } from '../functions/function-reference.js'
import {
  type FunctionResolver,
  type FunctionUse,
  type TaskFunction,
  TaskFunctionError,
} from '../functions/task-function.js'
import { isDict, type PyDict, type PyValue } from '../values/value.js'
import { type PythonOptions, PythonProcess, type PythonReply } from './python-process.js'
import { TaskModules } from './task-modules.js'

/** A resolver for the functions of task files. */
export interface TaskFunctions extends FunctionResolver {
  /** Ends the Python that it may have started. */
  close(): Promise<void>
}

/**
 * Runs the functions of task files unmodified in CPython; `roots` are the folders that tasks were found in (the built-in tasks and every
 * --include_path). Python starts when it is needed.
 */
export function taskFunctions(roots: readonly string[], options: PythonOptions = {}): TaskFunctions {
  let modules = new TaskModules(roots, (files) => python.add(files))
  const loaded = new Map<
    string,
    Promise<{ readonly id: number; readonly source: string | null; readonly missing: string[] }>
  >()

  // a Python that starts anew knows nothing of the last one's files and functions
  const python: PythonProcess = new PythonProcess(options, () => {
    loaded.clear()
    modules = new TaskModules(roots, (files) => python.add(files))
  })
  const ask = async (reference: FunctionReference, operation: string, args: PyDict): Promise<PyValue> => {
    const reply = await python.ask(operation, args, described(reference))
    if ('value' in reply) return reply.value
    throw failure(reference, reply, modules)
  }
  const load = (reference: FunctionReference) => {
    const key = `${reference.folder}\n${reference.name}`
    const found = loaded.get(key) ?? loadFunction(reference)
    loaded.set(key, found)
    return found
  }
  const loadFunction = async (reference: FunctionReference) => {
    const file = existsSync(reference.file)
      ? reference.file
      : modules.find(reference.name.slice(0, reference.name.lastIndexOf('.')))
    if (file === null)
      throw new InputError(`${reference.file} does not exist; a task names its function ${reference.name}`)
    const { path, name } = modules.open(file)
    const reply = await python.ask(
      'load',
      new Map([
        ['path', path],
        ['module', name],
        ['name', reference.functionName],
      ]),
      described(reference),
    )
    if (!('value' in reply)) throw loadFailure(file, reference, reply, modules)
    const value = reply.value as PyDict
    return {
      id: value.get('function') as number,
      source: value.get('source') as string | null,
      missing: value.get('missing') as string[],
    }
  }

  return {
    async resolve(reference, use): Promise<TaskFunction> {
      const { source, missing: packages } = await load(reference)
      // what is called once the model has answered must not be found unable to run only then
      if (afterAnswers.has(use) && packages[0] !== undefined)
        throw missing(reference.file, reference.functionName, packages[0])
      return {
        reference,
        source,
        call: async (args, keywords = new Map()) => {
          const { id } = await load(reference)
          return ask(
            reference,
            'call',
            new Map<string, PyValue>([
              ['function', id],
              ['use', use],
              ['args', args],
              ['keywords', keywords],
            ]),
          )
        },
      }
    },
    async processDocs(reference) {
      await load(reference)
      return async (split) => {
        const { id } = await load(reference)
        const rows = await split.rows()
        const args = new Map<string, PyValue>([
          ['function', id],
          ['columns', split.columns],
          ['values', split.columns.map((name) => rows.map((row) => row.get(name) ?? null))],
          ['labels', new Map(split.classNames ?? [])],
        ])
        return splitOf(reference, await ask(reference, 'process_docs', args), rows)
      }
    },
    async customDataset(reference) {
      await load(reference)
      return async (keywords): Promise<Dataset> => {
        const { id } = await load(reference)
        const args = new Map<string, PyValue>([
          ['function', id],
          ['keywords', keywords],
        ])
        const splits = (await ask(reference, 'custom_dataset', args)) as PyDict
        return {
          name: reference.name,
          splitNames: [...splits.keys()],
          split: async (name) => {
            const found = splits.get(name)
            if (found !== undefined) return splitOf(reference, found)
            throw new InputError(
              `${reference.file}: ${reference.functionName} gives no split "${name}"; it gives ${[...splits.keys()].join(', ')}`,
            )
          },
        }
      }
    },
    close: () => python.close(),
  }
}

/** A split of the columns that Python gave; a column that is null is that of the rows that Python was given. */
function splitOf(reference: FunctionReference, table: PyValue, given: readonly PyDict[] = []): Split {
  const [columns, length, values] = ['columns', 'length', 'values'].map((key) => isDict(table) && table.get(key))
  const isSplit =
    isTexts(columns) &&
    typeof length === 'number' &&
    Array.isArray(values) &&
    values.every((column: PyValue) => (column === null ? given : (column as readonly PyValue[])).length === length)
  if (!isSplit) throw new Error(`${described(reference)} made Python give documents that cannot be read`)
  const rows = Array.from({ length }, (_, index): PyDict => {
    const row = new Map<string, PyValue>()
    columns.forEach((name, at) => {
      const column = values[at] as readonly PyValue[] | null
      row.set(name, column === null ? (given[index]!.get(name) ?? null) : column[index]!)
    })
    return row
  })
  return { columns, length, rows: async (start, end) => rows.slice(start, end) }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

type Failure = Exclude<PythonReply, { value: PyValue }>

/** Where Python was: "…/utils.py:12". */
function place({ where }: Failure, modules: TaskModules): string {
  return where === null ? '' : ` (${modules.realPath(where)})`
}

const afterAnswers = new Set<FunctionUse>(['process_results', 'metric', 'aggregation', 'filter', 'filter_fn'])

function described({ file, functionName }: FunctionReference): string {
  return `${file}: the Python function ${functionName}`
}

function missing(file: string, name: string, what: string): InputError {
  return new InputError(`${file}: the Python function ${name} needs ${what}, which saeval's Python does not have`)
}

function failure(reference: FunctionReference, reply: Failure, modules: TaskModules): Error {
  if (reply.package !== null) return missing(reference.file, reference.functionName, reply.package)
  return new TaskFunctionError(reply.error, `${reply.message}${place(reply, modules)}`)
}

function loadFailure(
  file: string,
  { functionName }: FunctionReference,
  reply: Failure,
  modules: TaskModules,
): InputError {
  if (reply.package !== null) return missing(file, functionName, reply.package)
  if (reply.error === 'AttributeError' && reply.where === null)
    return new InputError(`${file} has no function ${functionName}`)
  return new InputError(
    `${file}: the Python function ${functionName} cannot be loaded: ${reply.error}: ${reply.message}${place(reply, modules)}`,
  )
}
