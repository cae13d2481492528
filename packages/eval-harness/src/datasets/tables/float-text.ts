/**
 * A float as Arrow writes it when it makes a text of one (double-conversion's shortest digits): 1.0 is "1", 1e15 is "1e+15".
 * `single` takes the shortest digits that give back the 32-bit float.
 */
export function arrowFloatText(value: number, single = false): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa, exponentText] = (single ? shortestSingle(value) : value.toExponential()).split('e') as [
    string,
    string,
  ]
  const exponent = Number(exponentText)
  if (exponent < -5 || exponent >= 15) return `${mantissa}e${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`
  const sign = value < 0 ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '')
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return digits.length > exponent + 1 ? `${sign}${whole}.${digits.slice(exponent + 1)}` : sign + whole
}

function shortestSingle(value: number): string {
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits)
    if (Math.fround(Number(text)) === value) return Number(text).toExponential()
  }
  return value.toExponential()
}
