const most = 20
const longest = 100

/** A text for messages, in one line: of a long one the beginning. */
export function shortened(text: string, length = longest): string {
  const start = text.length > length ? `${text.slice(0, length)}…` : text
  return start.replace(/\p{Cc}+/gu, ' ')
}

/** Names for messages, one after the other: of many the first ones and their number. */
export function listed(names: Iterable<string>): string {
  const all = [...names]
  const first = all.slice(0, most).map((name) => shortened(name))
  return first.join(', ') + (all.length > most ? `, … (${all.length} in all)` : '')
}
