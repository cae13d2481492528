import type { CsvDialect } from './dialect.js'

const powers = Array.from({ length: 309 }, (_, power) => Number(`1e${power}`))

/** Readers of numbers for a dialect; null for a text that is none. Source: pandas' tokenizer.c, str_to_int64 and precise_xstrtod. */
export interface NumberReaders {
  /** Whole numbers, of any size. */
  readonly integer: (text: string) => number | bigint | null
  /** Numbers by pandas' own arithmetic, whose last digit may differ from Python's. */
  readonly float: (text: string) => number | null
}

const infinity = /^([+-]?)inf(?:inity)?$/i

export function numberReaders({ thousands, decimal, roundTrip }: CsvDialect): NumberReaders {
  const escaped = (character: string) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  const digits = thousands === null ? '\\d+' : `\\d[\\d${escaped(thousands)}]*`
  const whole = new RegExp(`^[+-]?${digits}$`)
  const some = thousands === null ? '\\d*' : `(?:\\d${escaped(thousands)}?)*`
  const number = new RegExp(`^([+-]?)(${some})(?:${escaped(decimal)}(\\d*))?(?:[eE]([+-]?\\d+))?$`)
  const plain = (text: string) => (thousands === null ? text : text.replaceAll(thousands, ''))
  return {
    integer: (text) => {
      const core = withoutBlanks(text)
      if (!whole.test(core)) return null
      const value = Number(plain(core))
      return Number.isSafeInteger(value) ? value + 0 : BigInt(plain(core).replace(/^\+/, ''))
    },
    float: (text) => {
      const found = number.exec(withoutBlanks(text))
      if (found === null || (found[2] === '' && (found[3] ?? '') === '')) {
        const sign = infinity.exec(text)?.[1]
        return sign === undefined ? null : sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
      }
      const [integer, fraction] = [plain(found[2]!), found[3] ?? '']
      if (roundTrip) return Number(`${found[1]}${integer}.${fraction}e${found[4] ?? 0}`.replace('.e', '.0e'))
      return precise(found[1] === '-', integer, fraction, Number(found[4] ?? 0))
    },
  }
}

/** A text without the white space of C around it; a pattern would take a time that grows with its square. */
function withoutBlanks(text: string): string {
  const isBlank = (code: number) => code === 32 || (code >= 9 && code <= 13)
  let [start, end] = [0, text.length]
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (start < end && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** At most 17 digits, zeros in front among them, scaled by one or two operations on floats. */
function precise(negative: boolean, integer: string, fraction: string, power: number): number {
  const kept = integer.slice(0, 17)
  const decimals = fraction.slice(0, 17 - kept.length)
  const exponent = integer.length - kept.length - decimals.length + power
  let number = mantissa(kept + decimals)
  if (negative) number = -number
  if (exponent > 308) return number === 0 ? 0 : number < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (exponent > 0) return number * powers[exponent]!
  if (exponent >= -308) return number / powers[-exponent]!
  return exponent < -616 ? 0 : number / powers[-308 - exponent]! / powers[308]!
}

/** The digits as a float, rounded at each of them. */
function mantissa(digits: string): number {
  if (digits.length <= 15) return Number(digits)
  let number = 0
  for (const digit of digits) number = number * 10 + Number(digit)
  return number
}
