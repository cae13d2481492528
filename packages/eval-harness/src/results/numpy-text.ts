/**
 * str() of a one-dimensional numpy array of floats with numpy's default print options: 8 digits after the point at most, all elements
 * alike, exponents where the sizes differ by more than 1,000, lines of 75 characters.
 */
export function numpyText(values: readonly number[]): string {
  const finite = values.filter(Number.isFinite)
  const sizes = finite.filter((value) => value !== 0).map(Math.abs)
  const [largest, smallest] = [Math.max(...sizes), Math.min(...sizes)]
  const exponents = sizes.length > 0 && (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000)
  const texts = exponents ? scientific(values) : positional(values)
  const width = Math.max(...texts.map((text) => text.length))
  const padded = texts.map((text) => text.padStart(width))
  const lines: string[] = []
  let line = '['
  for (const [index, text] of padded.entries()) {
    if (line.length + text.length > lineWidth && line.trimStart() !== '[') {
      lines.push(line.trimEnd())
      line = ' '
    }
    line += index === padded.length - 1 ? text : `${text} `
  }
  return [...lines, `${line}]`].join('\n')
}

/** 75 with room for the closing bracket. */
const lineWidth = 74
const digits = 8

/** Shortest digits, rounded to 8 after the point; columns are aligned at the point. */
function positional(values: readonly number[]): string[] {
  const parts = values.map((value) => (Number.isFinite(value) ? split(rounded(value)) : null))
  const whole = Math.max(...parts.map((part) => part?.[0].length ?? 0))
  const fraction = Math.max(...parts.map((part) => part?.[1].length ?? 0))
  return values.map((value, index) => {
    const part = parts[index]
    if (!part) return special(value).padStart(whole + 1 + fraction)
    return `${part[0].padStart(whole)}.${part[1].padEnd(fraction)}`
  })
}

function scientific(values: readonly number[]): string[] {
  const parts = values.map((value) => {
    if (!Number.isFinite(value)) return null
    const shortest = value.toExponential()
    const long = shortest.split('e')[0]!.replace('-', '').length > digits + 2
    const [mantissa, exponent] = (long ? value.toExponential(digits) : shortest).split('e') as [string, string]
    const [whole, fraction = ''] = mantissa.split('.') as [string, string?]
    return [whole, long ? fraction.replace(/0+$/, '') : fraction, exponent] as const
  })
  const fraction = Math.max(...parts.map((part) => part?.[1].length ?? 0))
  const power = Math.max(2, ...parts.map((part) => (part === null ? 0 : part[2].length - 1)))
  return values.map((value, index) => {
    const part = parts[index]
    if (!part) return special(value)
    const exponent = `${part[2][0]}${part[2].slice(1).padStart(power, '0')}`
    // mantissas and exponents have equal numbers of digits
    return `${part[0]}.${part[1].padEnd(fraction, '0')}e${exponent}`
  })
}

function rounded(value: number): string {
  const text = value.toFixed(digits)
  const shortest = String(value)
  if (!shortest.includes('e') && (shortest.split('.')[1] ?? '').length <= digits) return shortest
  return text
}

function split(text: string): readonly [string, string] {
  const [whole, fraction = ''] = text.split('.') as [string, string?]
  return [whole, fraction.replace(/0+$/, '')]
}

function special(value: number): string {
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
}
