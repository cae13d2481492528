/** A score with four decimals, as lm_eval prints it. */
export function scoreText(value: number): string {
  return minus(value.toFixed(4))
}

/** A difference with its sign. */
export function differenceText(value: number): string {
  return value > 0 ? `+${scoreText(value)}` : scoreText(value)
}

/** A p value as papers print it. */
export function pValueText(value: number): string {
  return value < 0.001 ? '< 0.001' : value.toFixed(3)
}

/** A typographic minus, as wide as the plus. */
function minus(text: string): string {
  return text.replace(/^-/, '−')
}
