const longest = 100

/** A value for messages, as JSON; of a large one the beginning. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'number') return String(value)
  // aliases of a YAML file can unfold into any number of values
  let left = longest
  const text = JSON.stringify(value, (_name, part: unknown) => (left-- > 0 ? part : undefined)) ?? String(value)
  return cut(text)
}

/** A text for messages; of a long one the beginning. */
export function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

/** Whether a name that a file gives can stand in a sentence: not very long, and without control characters. */
export function isPrintable(name: string): boolean {
  return name.length <= 1000 && !/\p{Cc}/u.test(name)
}
