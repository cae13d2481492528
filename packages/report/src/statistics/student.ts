/**
 * P(|T| >= |t|) of Student's t with `df` degrees of freedom: the regularised incomplete beta function I_x(df/2, 1/2) at x = df / (df + t^2).
 * Source: Abramowitz and Stegun 26.7.1.
 */
export function studentTwoSided(t: number, df: number): number {
  if (!Number.isFinite(t)) return 0
  return incompleteBeta(df / (df + t * t), df / 2, 0.5)
}

/** P(T >= t) of Student's t with `df` degrees of freedom. */
export function studentUpper(t: number, df: number): number {
  const tail = studentTwoSided(t, df) / 2
  return t > 0 ? tail : 1 - tail
}

/** The t with P(T <= t) = p, for 0.5 <= p < 1; infinite where there is no degree of freedom. */
export function studentQuantile(p: number, df: number): number {
  if (df < 1) return Number.POSITIVE_INFINITY
  const key = `${p} ${df}`
  const found = quantiles.get(key) ?? quantileOf(p, df)
  quantiles.set(key, found)
  return found
}

/** A table's tests have the same few numbers of documents. */
const quantiles = new Map<string, number>()

function quantileOf(p: number, df: number): number {
  let [low, high] = [0, 1]
  while (studentUpper(high, df) > 1 - p) high *= 2
  // the function falls: half the interval is thrown away each time
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (studentUpper(middle, df) > 1 - p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** I_x(a, b) by its continued fraction (Numerical Recipes 6.4). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b
}

function betaFraction(x: number, a: number, b: number): number {
  let value = 1
  for (let m = 300; m > 0; m--) {
    const odd = (-(a + m - 1) * (a + b + m - 1) * x) / ((a + 2 * m - 2) * (a + 2 * m - 1))
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    value = 1 + odd / (1 + even / value)
  }
  return 1 / value
}

/** log Gamma(x), x > 0: Stirling's series after moving x above 15. */
function logGamma(x: number): number {
  let shift = 0
  let y = x
  while (y < 15) shift -= Math.log(y++)
  const inverse = 1 / (y * y)
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / y
  return shift + (y - 0.5) * Math.log(y) - y + Math.log(2 * Math.PI) / 2 + series
}
