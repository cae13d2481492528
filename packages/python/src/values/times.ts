import { PyOther } from './other.js'
import type { PyValue } from './value.js'
import { fixedOffset, offsetText, zoneOffset } from './zones.js'

const two = (value: number) => String(value).padStart(2, '0')
const micros = (value: number, digits = 6) => (value === 0 ? '' : `.${String(value).padStart(digits, '0')}`)
const second = 1_000_000n
const day = 86_400n * second

/** a // b and a % b, as Python rounds. */
function divide(a: bigint, b: bigint): [quotient: bigint, rest: bigint] {
  const rest = ((a % b) + b) % b
  return [(a - rest) / b, rest]
}

/** Year, month and day of a number of days since 1970. Throws RangeError outside Python's years 1 to 9999. */
function calendar(days: number): [year: number, month: number, day: number] {
  const date = new Date(days * 86_400_000)
  const year = date.getUTCFullYear()
  if (!(year >= 1 && year <= 9999)) throw new RangeError(`a date lies outside the years 1 to 9999`)
  return [year, date.getUTCMonth() + 1, date.getUTCDate()]
}

function dateText([year, month, dayOfMonth]: readonly [number, number, number]): string {
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(dayOfMonth)}`
}

interface Clock {
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly microsecond: number
}

function clockOf(rest: bigint): Clock {
  const seconds = Number(rest / second)
  return {
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    microsecond: Number(rest % second),
  }
}

function clockText(clock: Clock): string {
  return `${two(clock.hour)}:${two(clock.minute)}:${two(clock.second)}${micros(clock.microsecond)}`
}

/** "12, 30" or "12, 30, 0, 5": what repr shows of a clock. */
function clockRepr({ hour, minute, second: seconds, microsecond }: Clock): string {
  const rest = microsecond > 0 ? `, ${seconds}, ${microsecond}` : seconds > 0 ? `, ${seconds}` : ''
  return `${hour}, ${minute}${rest}`
}

/** Python's datetime.date, as days since 1970. */
export class PyDate extends PyOther {
  readonly typeName = 'date'
  override readonly methods = ['isoformat']
  readonly #calendar: readonly [number, number, number]

  /** Throws RangeError outside the years 1 to 9999. */
  constructor(readonly days: number) {
    super()
    this.#calendar = calendar(days)
  }

  get key(): string {
    return String(this.days)
  }

  override str(): string {
    return dateText(this.#calendar)
  }

  override repr(): string {
    return `datetime.date(${this.#calendar.join(', ')})`
  }

  wire() {
    return ['date', this.str()] as const
  }

  override member(name: string): PyValue | undefined {
    const at = ['year', 'month', 'day'].indexOf(name)
    return at < 0 ? undefined : this.#calendar[at]
  }

  override method(name: string, args: readonly PyValue[]): PyValue | undefined {
    return name === 'isoformat' && args.length === 0 ? this.str() : undefined
  }
}

/** Python's datetime.time, as microseconds since midnight. */
export class PyTime extends PyOther {
  readonly typeName = 'time'
  override readonly methods = ['isoformat']
  readonly #clock: Clock

  constructor(readonly micros: bigint) {
    super()
    if (micros < 0n || micros >= day) throw new RangeError('a time lies outside a day')
    this.#clock = clockOf(micros)
  }

  get key(): string {
    return String(this.micros)
  }

  override str(): string {
    return clockText(this.#clock)
  }

  override repr(): string {
    return `datetime.time(${clockRepr(this.#clock)})`
  }

  wire() {
    return ['time', this.str()] as const
  }

  override member(name: string): PyValue | undefined {
    return name in this.#clock ? this.#clock[name as keyof Clock] : undefined
  }

  override method(name: string, args: readonly PyValue[]): PyValue | undefined {
    return name === 'isoformat' && args.length === 0 ? this.str() : undefined
  }
}

/** Python's datetime.datetime: microseconds since 1970 in UTC, and a zone (null: none, the clock's own time). */
export class PyDatetime extends PyOther {
  readonly typeName: string = 'datetime'
  override readonly methods = ['isoformat', 'date']
  protected readonly date: readonly [number, number, number]
  protected readonly clock: Clock
  /** Seconds ahead of UTC. */
  protected readonly offset: number

  /** Throws RangeError outside the years 1 to 9999, and for a zone that is not known. */
  constructor(
    readonly micros: bigint,
    readonly zone: string | null = null,
  ) {
    super()
    this.offset = zone === null ? 0 : zoneOffset(zone, Number(divide(micros, 1000n)[0]))
    const [days, rest] = divide(micros + BigInt(this.offset) * second, day)
    this.date = calendar(Number(days))
    this.clock = clockOf(rest)
  }

  get key(): string {
    return `${this.micros}${this.zone === null ? '' : 'z'}`
  }

  override str(): string {
    return this.text(' ')
  }

  protected text(separator: string): string {
    return `${dateText(this.date)}${separator}${clockText(this.clock)}${this.zone === null ? '' : offsetText(this.offset)}`
  }

  override repr(): string {
    return `datetime.datetime(${this.date.join(', ')}, ${clockRepr(this.clock)}${this.zone === null ? '' : `, tzinfo=${zoneRepr(this.zone)}`})`
  }

  wire(): readonly [string, ...(string | null)[]] | null {
    return ['datetime', String(this.micros), this.zone]
  }

  override member(name: string): PyValue | undefined {
    const at = ['year', 'month', 'day'].indexOf(name)
    if (at >= 0) return this.date[at]
    return name in this.clock ? this.clock[name as keyof Clock] : undefined
  }

  override method(name: string, args: readonly PyValue[]): PyValue | undefined {
    const separator = args[0] ?? 'T'
    if (name === 'isoformat' && args.length < 2 && typeof separator === 'string') return this.text(separator)
    if (name === 'date' && args.length === 0)
      return new PyDate(Number(divide(this.micros + BigInt(this.offset) * second, day)[0]))
    return undefined
  }
}

function zoneRepr(zone: string): string {
  const seconds = fixedOffset(zone)
  if (seconds === null) return `zoneinfo.ZoneInfo(key='${zone}')`
  return seconds === 0
    ? 'datetime.timezone.utc'
    : `datetime.timezone(${new PyTimedelta(BigInt(seconds) * second).repr()})`
}

/** Python's datetime.timedelta, as microseconds. */
export class PyTimedelta extends PyOther {
  readonly typeName = 'timedelta'

  constructor(readonly micros: bigint) {
    super()
    if (divide(micros, day)[0] < -999_999_999n || divide(micros, day)[0] > 999_999_999n)
      throw new RangeError('a duration is longer than 999999999 days')
  }

  get key(): string {
    return String(this.micros)
  }

  override str(): string {
    const [days, rest] = divide(this.micros, day)
    const clock = clockOf(rest)
    const start = days === 0n ? '' : `${days} day${days === 1n || days === -1n ? '' : 's'}, `
    return `${start}${clock.hour}:${two(clock.minute)}:${two(clock.second)}${micros(clock.microsecond)}`
  }

  override repr(): string {
    const [days, rest] = divide(this.micros, day)
    const parts = [
      ['days', days],
      ['seconds', rest / second],
      ['microseconds', rest % second],
    ].filter(([, value]) => value !== 0n)
    return `datetime.timedelta(${parts.length === 0 ? '0' : parts.map(([name, value]) => `${name}=${value}`).join(', ')})`
  }

  wire() {
    return ['timedelta', String(this.micros)] as const
  }

  override truth(): boolean {
    return this.micros !== 0n
  }
}
