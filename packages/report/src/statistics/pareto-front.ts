/**
 * Indices of the points that no other point beats: none is at least as good in both coordinates and better in one. Larger is better in
 * both; sorted by x. Of equal points only the first is kept.
 */
export function paretoFront(points: readonly { readonly x: number; readonly y: number }[]): number[] {
  const order = points.map((_, index) => index)
  order.sort((a, b) => points[b]!.x - points[a]!.x || points[b]!.y - points[a]!.y || a - b)
  let best = Number.NEGATIVE_INFINITY
  const front = order.filter((index) => {
    const isNew = points[index]!.y > best
    best = Math.max(best, points[index]!.y)
    return isNew
  })
  return front.reverse()
}
