import { PyOther } from './other.js'
import { PyFloat, type PyValue } from './value.js'

/** Python's decimal.Decimal: digits * 10 ** -scale. */
export class PyDecimal extends PyOther {
  readonly typeName = 'Decimal'

  constructor(
    readonly digits: bigint,
    readonly scale: number,
  ) {
    super()
  }

  /** 1.5 and 1.50 are equal. */
  get key(): string {
    let [digits, scale] = [this.digits, this.scale]
    while (digits % 10n === 0n && digits !== 0n) {
      digits /= 10n
      scale--
    }
    return `${digits}e${digits === 0n ? 0 : scale}`
  }

  /** Decimals equal ints and floats of their value. */
  override equals(other: PyValue): boolean {
    if (other instanceof PyFloat) return Number(this.str()) === other.value
    if (typeof other === 'number' || typeof other === 'bigint' || typeof other === 'boolean')
      return this.key === new PyDecimal(BigInt(other), 0).key
    return super.equals(other)
  }

  /** As the decimal specification's to-scientific-string has it. */
  override str(): string {
    const sign = this.digits < 0n ? '-' : ''
    const digits = (this.digits < 0n ? -this.digits : this.digits).toString()
    const adjusted = digits.length - 1 - this.scale
    if (this.scale < 0 || adjusted < -6) {
      const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits
      return `${sign}${mantissa}E${adjusted < 0 ? '-' : '+'}${Math.abs(adjusted)}`
    }
    if (this.scale === 0) return sign + digits
    const padded = digits.padStart(this.scale + 1, '0')
    return `${sign}${padded.slice(0, -this.scale)}.${padded.slice(-this.scale)}`
  }

  /** int(decimal): what stands before the point. */
  whole(): bigint {
    return this.scale <= 0 ? this.digits * 10n ** BigInt(-this.scale) : this.digits / 10n ** BigInt(this.scale)
  }

  override repr(): string {
    return `Decimal('${this.str()}')`
  }

  wire() {
    return ['decimal', this.str()] as const
  }

  override truth(): boolean {
    return this.digits !== 0n
  }
}
