const most = 3
// nobody mistypes a longer one by a few letters, and the search takes time with the product of the lengths
const longestName = 200

/** The names that take the fewest typing errors to reach, best first; none when all are far off, or the name is very long. For messages about unknown names. */
export function nearestNames(name: string, names: Iterable<string>): string[] {
  if (name.length > longestName) return []
  const wanted = name.toLowerCase()
  return [...names]
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(name.length, candidate.length) / 2)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ candidate }) => candidate)
}

/** Levenshtein distance: insertions, deletions and replacements. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}

/** "; did you mean x, y?" or nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const nearest = nearestNames(name, names)
  return nearest.length === 0 ? '' : `; did you mean ${nearest.map((item) => `"${item}"`).join(' or ')}?`
}
