import { PyOther } from './other.js'
import { PyDatetime } from './times.js'
import { fixedOffset, offsetText } from './zones.js'

const digits = (nanos: bigint, places: number) => String(nanos).padStart(places, '0')

/** pandas.Timestamp, as which pyarrow gives times in nanoseconds. */
export class PandasTimestamp extends PyDatetime {
  override readonly typeName = 'Timestamp'
  /** Nanoseconds beyond the microsecond. */
  readonly #rest: bigint

  constructor(
    readonly nanos: bigint,
    zone: string | null = null,
  ) {
    const rest = ((nanos % 1000n) + 1000n) % 1000n
    super((nanos - rest) / 1000n, zone)
    this.#rest = rest
  }

  override get key(): string {
    return `${this.nanos}${this.zone === null ? '' : 'z'}`
  }

  protected override text(separator: string): string {
    if (this.#rest === 0n) return super.text(separator)
    const whole = `.${digits(BigInt(this.clock.microsecond), 6)}`
    const text = super.text(separator)
    const fraction = this.clock.microsecond === 0 ? '' : whole
    const at = separator.length + 18 + fraction.length
    return `${text.slice(0, at)}${fraction === '' ? whole : ''}${digits(this.#rest, 3)}${text.slice(at)}`
  }

  override repr(): string {
    if (this.zone === null) return `Timestamp('${this.str()}')`
    const offset = offsetText(this.offset)
    const text = this.str()
    return `Timestamp('${text.slice(0, text.length - offset.length)}${offsetText(this.offset, '')}', tz='${zoneName(this.zone)}')`
  }

  /** The Python of task functions has no pandas. */
  override wire(): null {
    return null
  }
}

function zoneName(zone: string): string {
  const seconds = fixedOffset(zone)
  return seconds === null ? zone : seconds === 0 ? 'UTC' : `UTC${offsetText(seconds)}`
}

/** pandas.Timedelta, as which pyarrow gives durations in nanoseconds. */
export class PandasTimedelta extends PyOther {
  readonly typeName = 'Timedelta'

  constructor(readonly nanos: bigint) {
    super()
  }

  get key(): string {
    return String(this.nanos)
  }

  override str(): string {
    const day = 86_400_000_000_000n
    const rest = ((this.nanos % day) + day) % day
    const days = (this.nanos - rest) / day
    const seconds = Number(rest / 1_000_000_000n)
    const fraction = rest % 1_000_000_000n
    const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
      .map((part) => String(part).padStart(2, '0'))
      .join(':')
    const decimals =
      fraction === 0n ? '' : fraction % 1000n === 0n ? `.${digits(fraction / 1000n, 6)}` : `.${digits(fraction, 9)}`
    return `${days} days ${days < 0n ? '+' : ''}${clock}${decimals}`
  }

  override repr(): string {
    return `Timedelta('${this.str()}')`
  }

  wire(): null {
    return null
  }

  override truth(): boolean {
    return this.nanos !== 0n
  }
}
