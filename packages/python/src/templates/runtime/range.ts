import { takeTurn } from '../../budget/budget.js'
import { PythonError } from '../../values/python-error.js'
import { exactNumber, PyFloat, PyObject, type PyValue, typeName } from '../../values/value.js'

/** Python's range; its members are computed when they are asked for. */
export class PyRange extends PyObject {
  readonly typeName = 'range'
  override readonly reversible = 'range_iterator'
  readonly count: number

  constructor(
    readonly start: number,
    readonly stop: number,
    readonly step: number,
  ) {
    super()
    this.count = Math.max(0, Math.ceil((stop - start) / step))
  }

  override truth(): boolean {
    return this.count > 0
  }

  override equals(other: PyValue): boolean {
    if (!(other instanceof PyRange) || other.count !== this.count) return false
    if (this.count === 0) return true
    return this.start === other.start && (this.count === 1 || this.step === other.step)
  }

  override repr(): string {
    return `range(${this.start}, ${this.stop}${this.step === 1 ? '' : `, ${this.step}`})`
  }

  override *iterate(): Generator<PyValue> {
    for (let index = 0; index < this.count; index++) {
      takeTurn()
      yield this.start + index * this.step
    }
  }

  override length(): number {
    return this.count
  }

  override contains(item: PyValue): boolean {
    const number = exactNumber(item)
    if (number === null) return false
    const index = (Number(number) - this.start) / this.step
    return Number.isInteger(index) && index >= 0 && index < this.count
  }

  /** range[index], undefined outside. */
  override item(key: PyValue): PyValue | undefined {
    const index = typeof key === 'boolean' ? Number(key) : key
    if (typeof index !== 'number') return undefined
    const place = index < 0 ? index + this.count : index
    return place >= 0 && place < this.count ? this.start + place * this.step : undefined
  }

  override attribute(name: string): PyValue | undefined {
    return name === 'start' || name === 'stop' || name === 'step' ? this[name] : undefined
  }
}

/** range(...) */
export function makeRange(args: readonly PyValue[]): PyRange {
  const numbers = args.map((value) => {
    if (typeof value === 'number' || typeof value === 'boolean') return Number(value)
    const what = value instanceof PyFloat || typeof value !== 'bigint' ? typeName(value) : 'so large an int'
    throw new PythonError('TypeError', `'${what}' object cannot be interpreted as an integer`)
  })
  if (numbers.length === 0 || numbers.length > 3)
    throw new PythonError('TypeError', `range expected 1 to 3 arguments, got ${numbers.length}`)
  const [start, stop, step] = numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0]!, numbers[1]!, numbers[2] ?? 1]
  if (step === 0) throw new PythonError('ValueError', 'range() arg 3 must not be zero')
  return new PyRange(start, stop, step)
}
