export function coveragePage(results) {
  return JSON.stringify(results, null, 1)
}
