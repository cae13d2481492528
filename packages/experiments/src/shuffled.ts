/** A list in an order that `random` (uniform in [0, 1)) draws: Fisher and Yates, from the end. The list given stays as it is. */
export function shuffled<Item>(list: readonly Item[], random: () => number): Item[] {
  const drawn = [...list]
  for (let at = drawn.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    ;[drawn[at], drawn[other]] = [drawn[other]!, drawn[at]!]
  }
  return drawn
}
