import { setItem } from '../values/dict-keys.js'
import { PythonError } from '../values/python-error.js'
import type { PyDict, PyValue } from '../values/value.js'
import { pairsOf } from './methods/container-methods.js'
import { noKeywords, PyFunction } from './runtime/functions.js'
import { Cycler, Joiner, Namespace } from './runtime/namespace.js'
import { makeRange } from './runtime/range.js'

function makeDict(args: readonly PyValue[], keywords: ReadonlyMap<string, PyValue>): Map<string, PyValue> {
  if (args.length > 1) throw new PythonError('TypeError', `dict expected at most 1 argument, got ${args.length}`)
  const dict = new Map<string, PyValue>()
  for (const [key, value] of pairsOf(args[0])) setItem(dict, key, value)
  for (const [key, value] of keywords) dict.set(key, value)
  return dict
}

/** A range no longer than the sandbox allows. */
const longestRange = 100_000

/** Jinja's global functions. */
export function jinjaGlobals(sandboxed: boolean): PyDict {
  const range = (args: readonly PyValue[], keywords: ReadonlyMap<string, PyValue>) => {
    noKeywords('range', keywords)
    const made = makeRange(args)
    if (sandboxed && made.count > longestRange)
      throw new PythonError('OverflowError', `Range too big. The sandbox blocks ranges larger than ${longestRange}.`)
    return made
  }
  return new Map<string, PyValue>([
    ['range', new PyFunction('range', range, sandboxed ? null : 'range')],
    ['dict', new PyFunction('dict', makeDict, 'dict')],
    [
      'namespace',
      new PyFunction(
        'namespace',
        (args, keywords) => new Namespace(makeDict(args, keywords)),
        'jinja2.utils.Namespace',
      ),
    ],
    [
      'cycler',
      new PyFunction(
        'cycler',
        (args, keywords) => {
          noKeywords('cycler', keywords)
          return new Cycler(args)
        },
        'jinja2.utils.Cycler',
      ),
    ],
    [
      'joiner',
      new PyFunction(
        'joiner',
        (args, keywords) => {
          if (args.length + keywords.size > 1 || (keywords.size > 0 && !keywords.has('sep')))
            throw new PythonError('TypeError', 'joiner() takes one argument, sep')
          return new Joiner(args[0] ?? keywords.get('sep') ?? ', ')
        },
        'jinja2.utils.Joiner',
      ),
    ],
    [
      'lipsum',
      new PyFunction('lipsum', () => {
        throw new PythonError('ValueError', 'lipsum() gives another text at every run')
      }),
    ],
  ])
}
