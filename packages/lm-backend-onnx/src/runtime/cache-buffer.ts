import { Tensor } from './onnxruntime.js'

/**
 * A KV cache that generation writes to: a tensor [B, H, P, d] over memory that sessions read in place. It never passes through a graph's
 * outputs, where every step would copy all of it.
 */
export function reserved(source: Tensor, rows: readonly number[], capacity: number): Tensor {
  const [, heads, length, d] = source.dims as [number, number, number, number]
  const from = source.data as Float32Array
  const to = new Float32Array(rows.length * heads * capacity * d)
  rows.forEach((row, index) => {
    for (let head = 0; head < heads; head++) {
      const start = (row * heads + head) * length * d
      to.set(from.subarray(start, start + Math.min(length, capacity) * d), (index * heads + head) * capacity * d)
    }
  })
  return new Tensor('float32', to, [rows.length, heads, capacity, d])
}

/** Writes [B, H, 1, d] to one column of every row and head. */
export function writeAt(cache: Tensor, fresh: Tensor, column: number): void {
  const [rows, heads, capacity, d] = cache.dims as [number, number, number, number]
  const to = cache.data as Float32Array
  const from = fresh.data as Float32Array
  for (let at = 0; at < rows * heads; at++) to.set(from.subarray(at * d, (at + 1) * d), (at * capacity + column) * d)
}
