import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import type { Split } from '../functions/dataset.js'
import { FunctionReference } from '../functions/function-reference.js'
import type { FunctionUse } from '../functions/task-function.js'
import { pyRepr } from '../text/text.js'
import { fromPlain, type PyDict, type PyValue } from '../values/value.js'
import { taskFunctions } from './task-functions.js'

/** The folder that functions of tests are written into. */
export const root = temporaryFolder()

/** CPython for these functions; it ends with the test file. */
export const functions = taskFunctions([root])
afterAll(() => functions.close())

let files = 0
/** A function of a file of its own. */
export function written(code: string, name = 'f', file = `family${files++}/utils.py`): FunctionReference {
  const path = join(root, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, code)
  return new FunctionReference(`utils.${name}`, dirname(path))
}

/** What the function f of some code gives. */
export async function call(
  code: string,
  args: readonly unknown[] = [],
  use: FunctionUse = 'doc_to_text',
): Promise<PyValue> {
  const found = await functions.resolve(written(code), use)
  return found.call(args.map(fromPlain))
}

/** A split that holds these rows. */
export function splitOf(
  rows: readonly Record<string, unknown>[],
  classNames?: ReadonlyMap<string, readonly string[]>,
): Split {
  const docs = rows.map((row) => fromPlain(row) as PyDict)
  return {
    columns: [...docs[0]!.keys()],
    length: docs.length,
    ...(classNames ? { classNames } : {}),
    rows: async (start, end) => docs.slice(start, end),
  }
}

/** What f as process_docs makes of rows: columns, and the rows as Python shows them. */
export async function processed(
  code: string,
  rows: readonly Record<string, unknown>[],
  classNames?: Split['classNames'],
) {
  const split = await (await functions.processDocs(written(code)))(splitOf(rows, classNames))
  return { columns: split.columns, rows: pyRepr(await split.rows()) }
}
