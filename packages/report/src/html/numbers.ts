/** A score with four decimals, as lm_eval prints it; Infinity or NaN where it is no finite number. */
export function scoreText(value: number): string {
  return minus(value.toFixed(4))
}

/** A difference with its sign. */
export function differenceText(value: number): string {
  return value > 0 ? `+${scoreText(value)}` : scoreText(value)
}

/** A p value with four decimals, which is never 0. */
export function pValueText(value: number): string {
  return value < 0.0001 ? '< 0.0001' : value.toFixed(4)
}

/** A typographic minus, as wide as the plus. */
function minus(text: string): string {
  return text.replace(/^-/, '−')
}
