import { seededUniform } from '@saeval/hub/internal/seeded-uniform'

const draws = 10_000

/** Means of 10,000 samples of as many of the values, drawn with replacement (Efron 1979) with a fixed seed; ascending. */
export function bootstrapMeans(values: readonly number[]): Float64Array {
  const random = seededUniform(1234)
  const n = values.length
  return Float64Array.from({ length: draws }, () => {
    let sum = 0
    for (let i = 0; i < n; i++) sum += values[Math.floor(random() * n)]!
    return sum / n
  }).sort()
}
