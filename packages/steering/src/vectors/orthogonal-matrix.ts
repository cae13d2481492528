import type { InputError } from '@saeval/hub'
import type { Numbers } from './one-vector.js'

/**
 * The matrix [n, k] with orthonormal columns that torch.nn.utils.parametrizations.orthogonal makes of what it stores for one with n > k: `base` times the
 * product of k Householder reflections, whose vectors stand below the diagonal of `original`; on it stand the signs of the columns. In float64. Throws
 * what `wrong` makes of a reason where the shapes do not fit.
 */
export function orthogonalMatrix(original: Numbers, base: Numbers, wrong: (message: string) => InputError): Numbers {
  const [n = 0, k = 0] = original.shape
  if (original.shape.length !== 2 || k >= n || base.shape.join() !== `${n},${n}`)
    throw wrong(
      `the rotation is stored with shape [${original.shape}] and base [${base.shape}], expected [d, rank] with a rank below d, and [d, d]`,
    )
  const reflected = householderProduct(original.values, n, k)
  const values = new Float32Array(n * k)
  for (let row = 0; row < n; row++) {
    const sums = new Float64Array(k)
    for (let at = 0; at < n; at++) {
      const factor = base.values[row * n + at]!
      for (let column = 0; column < k; column++) sums[column]! += factor * reflected[at * k + column]!
    }
    values.set(sums, row * k)
  }
  return { shape: [n, k], values }
}

/** The first k columns of H_1 H_2 … H_k, H_i = I - tau_i v_i v_i^T, tau_i = 2 / |v_i|^2, times the signs on the diagonal. */
function householderProduct(original: Float32Array, n: number, k: number): Float64Array {
  const product = new Float64Array(n * k)
  for (let column = 0; column < k; column++) product[column * k + column] = Math.trunc(original[column * k + column]!)
  for (let i = k - 1; i >= 0; i--) {
    const v = Float64Array.from({ length: n }, (_, row) => (row < i ? 0 : row === i ? 1 : original[row * k + i]!))
    const tau = 2 / v.reduce((sum, value) => sum + value * value, 0)
    for (let column = 0; column < k; column++) {
      let along = 0
      for (let row = i; row < n; row++) along += v[row]! * product[row * k + column]!
      for (let row = i; row < n; row++) product[row * k + column]! -= tau * along * v[row]!
    }
  }
  return product
}
