/**
 * The k largest of each row [width], negative ones as 0, everything else 0. Of equal values the first ones stay; torch leaves that open.
 */
export function keepLargest(values: Float32Array, width: number, k: number): Float32Array {
  const result = new Float32Array(values.length)
  for (let start = 0; start < values.length; start += width) {
    const row = values.subarray(start, start + width)
    const order = Array.from(row.keys()).sort((a, b) => row[b]! - row[a]! || a - b)
    for (const index of order.slice(0, k)) result[start + index] = Math.max(row[index]!, 0)
  }
  return result
}

/** The largest of each of `groups` stretches of every row [width], 0 where it is negative; everything else 0. */
export function keepLargestOfGroups(values: Float32Array, width: number, groups: number): Float32Array {
  const result = new Float32Array(values.length)
  const size = width / groups
  for (let start = 0; start < values.length; start += size) {
    let largest = start
    for (let index = start + 1; index < start + size; index++) if (values[index]! > values[largest]!) largest = index
    result[largest] = Math.max(values[largest]!, 0)
  }
  return result
}
