import { PythonError } from '../../values/python-error.js'
import { equals, PyObject, type PyValue, tupleOf } from '../../values/value.js'
import { PyFunction } from './functions.js'
import { iterate, knownLength } from './iteration.js'
import { Undefined } from './undefined.js'

/** Renders the body of a recursive loop for other items. */
export type Recurse = (items: PyValue, depth: number) => PyValue

/** `loop`: where a loop stands (jinja2.runtime.LoopContext). */
export class LoopContext extends PyObject {
  readonly typeName = 'LoopContext'
  #items: Iterator<PyValue>
  #index0 = -1
  #length: number | null = null
  #after: PyValue | undefined
  #current: PyValue | undefined
  #before: PyValue | undefined
  #changed: PyValue | undefined

  constructor(
    private readonly iterable: PyValue,
    private readonly strict: boolean,
    private readonly recurse: Recurse | null = null,
    private readonly depth0 = 0,
  ) {
    super()
    this.#items = iterate(iterable)
  }

  /** The next item, undefined at the end. */
  next(): PyValue | undefined {
    let item = this.#after
    this.#after = undefined
    if (item === undefined) {
      const { done, value } = this.#items.next()
      if (done) return undefined
      item = value as PyValue
    }
    this.#index0++
    this.#before = this.#current
    this.#current = item
    return item
  }

  #peek(): PyValue | undefined {
    if (this.#after === undefined) {
      const { done, value } = this.#items.next()
      if (!done) this.#after = value
    }
    return this.#after
  }

  override length(): number {
    if (this.#length === null) {
      this.#length = knownLength(this.iterable)
      if (this.#length === null) {
        const rest: PyValue[] = []
        for (let step = this.#items.next(); !step.done; step = this.#items.next()) rest.push(step.value)
        this.#items = rest[Symbol.iterator]()
        this.#length = rest.length + this.#index0 + 1 + Number(this.#after !== undefined)
      }
    }
    return this.#length
  }

  override repr(): string {
    return `<LoopContext ${this.#index0 + 1}/${this.length()}>`
  }

  override call(args: readonly PyValue[]): PyValue {
    if (args.length !== 1) throw new PythonError('TypeError', 'loop() takes the items to go through')
    if (this.recurse === null)
      throw new PythonError('TypeError', "The loop must have the 'recursive' marker to be called recursively.")
    return this.recurse(args[0]!, this.depth0 + 1)
  }

  override attribute(name: string): PyValue | undefined {
    switch (name) {
      case 'index':
        return this.#index0 + 1
      case 'index0':
        return this.#index0
      case 'revindex':
        return this.length() - this.#index0
      case 'revindex0':
        return this.length() - this.#index0 - 1
      case 'first':
        return this.#index0 === 0
      case 'last':
        return this.#peek() === undefined
      case 'length':
        return this.length()
      case 'depth':
        return this.depth0 + 1
      case 'depth0':
        return this.depth0
      case 'previtem':
        return this.#index0 === 0 ? new Undefined('there is no previous item', this.strict) : this.#before
      case 'nextitem':
        return this.#peek() === undefined ? new Undefined('there is no next item', this.strict) : this.#peek()
      case 'cycle':
        return new PyFunction('cycle', (args) => {
          if (args.length === 0) throw new PythonError('TypeError', 'no items for cycling given')
          return args[this.#index0 % args.length]!
        })
      case 'changed':
        return new PyFunction('changed', (args) => {
          const value = tupleOf(args)
          if (this.#changed !== undefined && equals(this.#changed, value)) return false
          this.#changed = value
          return true
        })
      default:
        return undefined
    }
  }
}
