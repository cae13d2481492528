import { escapeRegex, findAll, pythonRegex, substitute } from '../regex/regex.js'
import { RegexError } from '../regex/regex-translator.js'
import { literalEval } from '../text/literal.js'
import { PyFloat, type PyValue } from '../values/value.js'
import { NativeDataset } from './native-dataset.js'
import { NumberArray } from './number-array.js'
import { iterate } from './operations.js'
import { Unsupported } from './unsupported.js'
import { Callable, isList, makeTuple, type Thing, type Value } from './values.js'
import { weightedF1 } from './weighted-f1.js'

type Body = (...args: Value[]) => Value

function make(name: string, body: Body, keywords: readonly string[] = []): Callable {
  return new Callable(name, (args, given) => {
    const all = [...args]
    for (const [key, value] of given) {
      const place = keywords.indexOf(key)
      if (place < 0) throw new Unsupported(`the keyword ${key} of ${name}`)
      all[place] = value
    }
    return body(...all)
  })
}

/** Part of a module of Python's library or of a package; what it does not have is left to CPython. */
function module(members: Readonly<Record<string, Value>>): Thing {
  return {
    attribute: (name) => {
      const found = members[name]
      if (found === undefined) throw new Unsupported(`the name ${name} of a module`)
      return found
    },
  }
}

function word(value: Value | undefined): string {
  if (typeof value === 'string') return value
  throw new Unsupported('something else than a text')
}

function regular<Result>(step: () => Result): Result {
  try {
    return step()
  } catch (error) {
    throw error instanceof RegexError ? new Unsupported(error.message) : error
  }
}

function noMore(...rest: (Value | undefined)[]): void {
  if (rest.some((value) => value !== undefined)) throw new Unsupported('flags of a regular expression')
}

const re = {
  sub: (pattern: Value, by: Value, text: Value, count: Value = 0, flags?: Value): Value => {
    noMore(flags)
    return regular(() => substitute(word(pattern), word(by), word(text), count as number))
  },
  findall: (pattern: Value, text: Value, flags?: Value): Value => {
    noMore(flags)
    return regular(() => findAll(word(pattern), word(text))).map((found) =>
      typeof found === 'string' ? found : makeTuple(found),
    )
  },
  split: (pattern: Value, text: Value, ...rest: Value[]): Value => {
    noMore(...rest)
    const parts: string[] = []
    let from = 0
    for (const match of word(text).matchAll(regular(() => pythonRegex(word(pattern))))) {
      if (match.length > 1 || match[0] === '') throw new Unsupported('this split')
      parts.push(word(text).slice(from, match.index))
      from = match.index + match[0].length
    }
    return [...parts, word(text).slice(from)]
  },
  search: (pattern: Value, text: Value, ...rest: Value[]): Value => {
    noMore(...rest)
    const match = regular(() => pythonRegex(word(pattern))).exec(word(text))
    return match === null ? null : new Match(match)
  },
  match: (pattern: Value, text: Value, ...rest: Value[]): Value => {
    const found = re.search(pattern, text, ...rest)
    return found instanceof Match && found.groups.index === 0 ? found : null
  },
}

class Match implements Thing {
  constructor(readonly groups: RegExpExecArray) {}

  attribute(name: string): Value {
    if (name === 'group')
      return make('group', (index = 0) => {
        if (typeof index !== 'number' || index >= this.groups.length) throw new Unsupported('this group')
        return this.groups[index] ?? null
      })
    throw new Unsupported(`a match's ${name}`)
  }
}

class Pattern implements Thing {
  constructor(readonly pattern: Value) {}

  attribute(name: string): Value {
    if (!(name in re)) throw new Unsupported(`a pattern's ${name}`)
    const body = re[name as keyof typeof re] as Body
    return make(name, (...args) => body(this.pattern, ...args))
  }
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
const dirname = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')))

const dataset = module({ from_list: make('from_list', (rows = null) => NativeDataset.of(iterate(rows))) })

const modules: Readonly<Record<string, Readonly<Record<string, Value>>>> = {
  re: {
    sub: make('sub', re.sub, ['pattern', 'repl', 'string', 'count', 'flags']),
    findall: make('findall', re.findall, ['pattern', 'string', 'flags']),
    split: make('split', re.split, ['pattern', 'string']),
    search: make('search', re.search, ['pattern', 'string']),
    match: make('match', re.match, ['pattern', 'string']),
    escape: make('escape', (text = null) => escapeRegex(word(text))),
    compile: make('compile', (pattern = null, flags?: Value) => {
      noMore(flags)
      regular(() => pythonRegex(word(pattern)))
      return new Pattern(pattern)
    }),
  },
  ast: {
    literal_eval: make('literal_eval', (text = null) => {
      // tuples would come as lists
      if (
        word(text)
          .replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/gs, '')
          .includes('(')
      )
        throw new Unsupported('tuples')
      try {
        return literalEval(word(text)) as Value
      } catch {
        throw new Unsupported('this literal')
      }
    }),
  },
  functools: {
    partial: new Callable('partial', ([of, ...fixed], bound) => {
      if (!(of instanceof Callable)) throw new Unsupported('partial of this')
      return new Callable(of.name, (args, keywords) => of.call([...fixed, ...args], new Map([...bound, ...keywords])))
    }),
  },
  string: {
    punctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
    ascii_uppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    ascii_lowercase: 'abcdefghijklmnopqrstuvwxyz',
    digits: '0123456789',
  },
  'os.path': {
    basename: make('basename', (path = null) => basename(word(path))),
    dirname: make('dirname', (path = null) => dirname(word(path))),
  },
  datasets: { Dataset: dataset },
  'lm_eval.utils': {
    weighted_f1_score: make('weighted_f1_score', (items = null) => weightedF1(iterate(items).map(iterate))),
  },
  numpy: {
    array: make('array', (values = null) => NumberArray.of(values)),
    exp: make('exp', (values = null) => new NumberArray(NumberArray.of(values).numbers.map(Math.exp))),
    sum: make('sum', (values = null) => NumberArray.of(values).sum() as Value),
    argmax: make('argmax', (values = null) => {
      const { numbers } = isList(values) && values.some(isList) ? fail('an array in an array') : NumberArray.of(values)
      return numbers.some(Number.isNaN) ? fail('nan') : numbers.indexOf(Math.max(...numbers))
    }),
    nan: new PyFloat(Number.NaN) as PyValue as Value,
  },
}

function fail(what: string): never {
  throw new Unsupported(what)
}

/** What `import` and `from … import` give; undefined for modules and names that are left to CPython. */
export function imported(name: string, member: string | null): Value | undefined {
  if (member !== null) return modules[name]?.[member] ?? imported(`${name}.${member}`, null)
  const members = modules[name]
  if (members !== undefined) return module(members)
  const inner = Object.keys(modules).filter((key) => key.startsWith(`${name}.`))
  if (inner.length === 0) return undefined
  return {
    attribute: (part) => imported(`${name}.${part}`, null) ?? fail(`${name}.${part}`),
  } as Thing
}
