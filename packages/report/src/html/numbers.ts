/** What a number of a metric counts. */
export interface Unit {
  /** A share of documents that are right or wrong: shown in percent. */
  readonly isProportion: boolean
  /** Documents. */
  readonly n: number
}

/** A value with as many digits as its documents can tell: "35 %" of 96, "35.4 %" of 500; other metrics with three digits. */
export function valueText(value: number, unit: Unit): string {
  return unit.isProportion && Number.isFinite(value) ? `${pointsText(value, unit)}\u00a0%` : plainText(value)
}

/** A difference with its sign; of proportions in percentage points. */
export function changeText(value: number, unit: Unit): string {
  const text = unit.isProportion && Number.isFinite(value) ? pointsText(value, unit) : plainText(value)
  return value > 0 && !/^[0.]+$/.test(text) ? `+${text}` : text
}

/** "27 to 45 %", "−73 to −53"; "no interval" where there are too few documents for one. */
export function intervalText({ low, high }: { low: number; high: number }, unit: Unit, isChange: boolean): string {
  if (!Number.isFinite(high - low)) return 'no interval'
  const text = (value: number) =>
    isChange ? changeText(value, unit) : unit.isProportion ? pointsText(value, unit) : plainText(value)
  return `${text(low)} to ${text(high)}${unit.isProportion && !isChange ? '\u00a0%' : ''}`
}

/** A number with three digits, or the whole part where that is longer; Infinity or NaN where it is none. */
export function plainText(value: number): string {
  if (!Number.isFinite(value)) return minus(String(value))
  const size = Math.abs(value)
  return minus(size >= 1000 ? value.toFixed(0) : size >= 1e-4 || size === 0 ? short(value) : value.toExponential(1))
}

/** A p value, which is never 0, with as many decimals as its size deserves. */
export function pValueText(value: number): string {
  return value < 0.0001 ? '< 0.0001' : value.toFixed(value < 0.001 ? 4 : value < 0.1 ? 3 : 2)
}

/** Hundredths; one of n documents is seen. */
function pointsText(value: number, { n }: Unit): string {
  return withoutSign((100 * value).toFixed(Math.max(0, Math.min(4, Math.ceil(Math.log10(n)) - 2))))
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)))
}

/** No minus before a zero. */
function withoutSign(text: string): string {
  return /^-[0.]+$/.test(text) ? text.slice(1) : minus(text)
}

/** A typographic minus, as wide as the plus. */
function minus(text: string): string {
  return text.replace(/^-/, '−')
}
