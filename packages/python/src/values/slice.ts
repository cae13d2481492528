/** list[start:stop:step] with Python's meaning; null stands for what is left out. `step` is not 0. */
export function sliceList<Item>(
  list: readonly Item[],
  start: number | null,
  stop: number | null,
  step: number | null,
): Item[] {
  const by = step ?? 1
  const size = list.length
  const place = (bound: number | null, fallback: number) => {
    if (bound === null) return fallback
    const from = bound < 0 ? bound + size : bound
    return by > 0 ? Math.min(Math.max(from, 0), size) : Math.min(Math.max(from, -1), size - 1)
  }
  const [first, end] = by > 0 ? [place(start, 0), place(stop, size)] : [place(start, size - 1), place(stop, -1)]
  const part: Item[] = []
  for (let at = first; by > 0 ? at < end : at > end; at += by) part.push(list[at]!)
  return part
}
