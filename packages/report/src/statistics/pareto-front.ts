/**
 * Indices of the points that no other point beats: none is at least as good in both coordinates and better in one. Larger is better in
 * both; sorted by x. Points that are equal stand on it together.
 */
export function paretoFront(points: readonly { readonly x: number; readonly y: number }[]): number[] {
  const order = points.map((_, index) => index)
  order.sort((a, b) => points[b]!.x - points[a]!.x || points[b]!.y - points[a]!.y || b - a)
  const front: number[] = []
  for (const index of order) {
    const { x, y } = points[index]!
    const last = points[front.at(-1) ?? -1]
    if (!last || y > last.y || (y === last.y && x === last.x)) front.push(index)
  }
  return front.reverse()
}
