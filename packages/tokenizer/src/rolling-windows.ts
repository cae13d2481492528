/**
 * Windows that together predict every token of a list once: the first from the prefix token, the later ones with as much
 * context as fits (lm_eval's get_rolling_token_windows with one token of context, made disjoint).
 */
export function rollingTokenWindows(
  ids: readonly number[],
  prefixTokenId: number,
  maxLength: number,
  contextLength = 1,
): { contextIds: number[]; continuationIds: number[] }[] {
  if (ids.length === 0) return []
  const first = Math.min(maxLength, ids.length)
  const windows = [{ contextIds: [prefixTokenId], continuationIds: ids.slice(0, first) }]
  const step = maxLength - contextLength + 1
  for (let predicted = first; predicted < ids.length; ) {
    const end = Math.min(ids.length, predicted + step)
    windows.push({ contextIds: ids.slice(end - maxLength - 1, predicted), continuationIds: ids.slice(predicted, end) })
    predicted = end
  }
  return windows
}
