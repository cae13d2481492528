import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { InputError } from '@saeval/hub'
import { FunctionReference } from '@saeval/python/internal/functions/function-reference'
import { exactNumber, intOf, PyFloat, type PyValue } from '@saeval/python/internal/values/value'
import yaml from 'js-yaml'
import { MergeKey, YamlNode } from './yaml-node.js'

/** A value of a task file: Python's values and references to Python functions. Keys of mappings are as in PyDict. */
export type YamlValue = PyValue | FunctionReference | readonly YamlValue[] | ReadonlyMap<string, YamlValue>

const float = /^[-+]?(\d[\d_]*\.[\d_]*([eE][-+]\d+)?|\.[\d_]+([eE][-+]\d+)?)$|^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/
const truths: Readonly<Record<string, boolean>> = {
  yes: true,
  true: true,
  on: true,
  no: false,
  false: false,
  off: false,
}

// PyYAML reads YAML 1.1: a float needs a point, yes and no are booleans, a leading 0 makes a number octal
const pythonFloat = new yaml.Type('tag:yaml.org,2002:float', {
  kind: 'scalar',
  resolve: (text: unknown) => typeof text === 'string' && float.test(text),
  construct: (text: string) => new PyFloat(floatOf(text.replaceAll('_', '').toLowerCase())),
})
const pythonBool = new yaml.Type('tag:yaml.org,2002:bool', {
  kind: 'scalar',
  resolve: (text: unknown) =>
    typeof text === 'string' &&
    /^(yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/.test(text),
  construct: (text: string) => truths[text.toLowerCase()],
})
const pythonInt = new yaml.Type('tag:yaml.org,2002:int', {
  kind: 'scalar',
  resolve: (text: unknown) =>
    typeof text === 'string' && /^[-+]?(0b[01_]+|0[0-7_]*|[1-9][\d_]*|0x[\da-fA-F_]+)$/.test(text),
  construct: (text: string) => integerOf(text.replaceAll('_', '')),
})
const functionTag = new yaml.Type('!function', {
  kind: 'scalar',
  // a name in a line of its own has been read as a node already
  construct: (name: string | YamlNode | null) =>
    new FunctionReference(String((name instanceof YamlNode ? name.value : name) ?? ''), ''),
})
// js-yaml's own puts merged keys where << stands; PyYAML puts them before all others
const mergeKey = new yaml.Type('!merge', {
  kind: 'scalar',
  resolve: (text: unknown) => text === '<<',
  construct: () => new MergeKey(),
})
const schema = yaml.FAILSAFE_SCHEMA.extend({
  implicit: [nullType(), mergeKey, pythonBool, pythonInt, pythonFloat],
  explicit: [functionTag],
})

function nullType() {
  return new yaml.Type('tag:yaml.org,2002:null', {
    kind: 'scalar',
    resolve: (text: unknown) => text === null || ['', '~', 'null', 'Null', 'NULL'].includes(String(text)),
    construct: () => null,
  })
}

function floatOf(text: string): number {
  if (text.endsWith('.nan')) return Number.NaN
  if (text.endsWith('.inf')) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(text)
}

function integerOf(text: string): number | bigint {
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text.replace(/^[-+]/, '')
  if (/^0[0-7]+$/.test(digits)) return sign * Number.parseInt(digits, 8)
  if (/^0[xb]/.test(digits)) return sign * Number(digits)
  return intOf(text.replace(/^\+/, ''))
}

/** Bytes of a file, and size of what it says, at most. */
const longest = 2 ** 24

// a template is included by hundreds of files
const parsed = new Map<string, { readonly stamp: number; readonly value: YamlValue }>()

/** Reads a YAML file as PyYAML does; a file that has not changed is parsed once. Throws InputError naming file and line. */
export function readYaml(path: string): YamlValue {
  const stamp = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const known = parsed.get(path)
  if (known?.stamp === stamp) return known.value
  const value = readFresh(path)
  parsed.set(path, { stamp, value })
  return value
}

function readFresh(path: string): YamlValue {
  const text = readText(path)
  if (text === null) throw new InputError(`cannot read ${path}: no such file`)
  return parseYaml(text, path)
}

/** The text of a file; null where there is none. Throws InputError for one that cannot be read, pipes and devices among them. */
export function readText(path: string): string | null {
  try {
    const { size } = statSync(path)
    if (!isFile(path)) throw new Error('it is not a regular file')
    if (size > longest) throw new Error(`it has ${size} bytes, far more than a YAML file of tasks`)
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new InputError(`cannot read ${path}: ${(cause as Error).message}`, { cause })
  }
}

/** Whether there is a regular file; links are followed. */
export function isFile(path: string): boolean {
  // false too for names that no file can have
  return existsSync(path) && statSync(path).isFile()
}

/** Reads YAML text; `name` is its file, for messages and for the modules of its functions. */
export function parseYaml(text: string, name: string): YamlValue {
  const keys: unknown[] = []
  // js-yaml makes objects of mappings, whose keys are texts in an order of their own
  const listener = (event: string, state: { line: number; result: unknown }) => {
    // a mapping that turns out to be a text is closed twice
    if (event === 'close' && !(state.result instanceof YamlNode))
      state.result = new YamlNode(state.result, state.line, keys)
  }
  try {
    return new Values(name, keys).of(yaml.load(text, { schema, json: true, listener: listener as never }))
  } catch (cause) {
    if (cause instanceof yaml.YAMLException)
      throw new InputError(`${name}:${(cause.mark?.line ?? 0) + 1}: ${cause.reason}`, { cause })
    // js-yaml, and what goes through values, call themselves for each level
    if (cause instanceof RangeError) throw new InputError(`${name}: its values are nested too deeply`, { cause })
    throw cause
  }
}

/** Makes values of what js-yaml gives. What several aliases name is made once, but counted each time: everything else goes through all of it. */
class Values {
  #size = 0
  readonly #known = new Map<object, { readonly value: YamlValue; readonly size: number }>()

  constructor(
    readonly name: string,
    readonly keys: readonly unknown[],
  ) {}

  of(node: unknown): YamlValue {
    const given = node instanceof YamlNode ? node.value : node
    if (typeof given !== 'object' || given === null) return this.#scalar(given)
    const known = this.#known.get(given)
    this.#add(known?.size ?? 16)
    if (known !== undefined) return known.value
    const before = this.#size
    const value = this.#made(given)
    this.#known.set(given, { value, size: this.#size - before + 16 })
    return value
  }

  #add(size: number): void {
    this.#size += size
    if (this.#size > longest) throw new InputError(`${this.name}: its aliases (*name) make too many values of it`)
  }

  #scalar(value: unknown): YamlValue {
    this.#add(typeof value === 'string' ? value.length : 16)
    return (value ?? null) as YamlValue
  }

  #made(value: object): YamlValue {
    if (Array.isArray(value)) return value.map((item) => this.of(item))
    if (value instanceof MergeKey) throw new InputError(`${this.name}: << is no value`)
    if (value instanceof FunctionReference) return new FunctionReference(value.name, dirname(this.name))
    if (value instanceof PyFloat) return value
    const entries = Object.entries(value).map(([key, item]) => [YamlNode.keyOf(key, this.keys), this.of(item)] as const)
    const made = new Map<PyValue, YamlValue>()
    // 1, 1.0 and true are one key, the first of them
    const numbers = new Map<number | bigint, PyValue>()
    const put = (key: PyValue, item: YamlValue) => {
      const number = exactNumber(key)
      if (number === null) return made.set(key, item)
      const whole = typeof number === 'bigint' && BigInt(Number(number)) === number ? Number(number) : number
      if (!numbers.has(whole)) numbers.set(whole, key)
      return made.set(numbers.get(whole)!, item)
    }
    for (const [key, item] of entries) if (key instanceof MergeKey) for (const pair of this.#merged(item)) put(...pair)
    for (const [key, item] of entries) if (!(key instanceof MergeKey)) put(key as PyValue, item)
    return made as ReadonlyMap<unknown, YamlValue> as ReadonlyMap<string, YamlValue>
  }

  /** What << brings in, the last one first: of several mappings the first one that has a key decides. */
  #merged(value: YamlValue): (readonly [string, YamlValue])[] {
    const mappings = Array.isArray(value) ? [...(value as readonly YamlValue[])].reverse() : [value]
    return mappings.flatMap((mapping) => {
      if (!(mapping instanceof Map)) throw new InputError(`${this.name}: << needs a mapping or a list of mappings`)
      this.#add(16 * mapping.size)
      return [...(mapping as ReadonlyMap<string, YamlValue>)]
    })
  }
}
