/** Which token of a text the Tab key stops at, by the text's element: it stays while texts come and go. */
const stops = new WeakMap<HTMLElement, number>()

/**
 * Shows the tokens of a text, of which each can be chosen by a pointer, Enter or Space. A text is one stop of the Tab key; arrows, Home and End go from token to
 * token. `parts` are all of the text in its order, texts that cannot be chosen too. `onToken` is told the index of the token among `tokens`.
 */
export function showTokens(
  place: HTMLElement,
  parts: readonly Node[],
  tokens: readonly HTMLElement[],
  onToken: (index: number) => void,
): void {
  const hadFocus = place.contains(document.activeElement)
  place.replaceChildren(...parts)
  const stopAt = (index: number) => {
    stops.set(place, index)
    for (const [at, token] of tokens.entries()) token.tabIndex = at === index ? 0 : -1
  }
  const last = tokens.length - 1
  stopAt(Math.min(stops.get(place) ?? 0, last))
  // what is written anew under the reader's focus leaves it where it was
  if (hadFocus) tokens[stops.get(place)!]?.focus({ preventScroll: true })
  const indexOf = ({ target }: Event) => tokens.indexOf(target as HTMLElement)
  place.onclick = (event) => {
    const index = indexOf(event)
    if (index < 0) return
    stopAt(index)
    onToken(index)
  }
  place.onkeydown = (event) => {
    const index = indexOf(event)
    const chooses = event.key === 'Enter' || event.key === ' '
    const next = nextOf(event.key, index, last)
    if (index < 0 || (!chooses && next === null)) return
    event.preventDefault()
    if (next === null) return onToken(index)
    stopAt(next)
    tokens[next]!.focus()
  }
}

/** The token that a key leads to; null for a key that leads nowhere. */
function nextOf(key: string, index: number, last: number): number | null {
  if (key === 'Home') return 0
  if (key === 'End') return last
  if (key === 'ArrowRight' || key === 'ArrowDown') return Math.min(index + 1, last)
  return key === 'ArrowLeft' || key === 'ArrowUp' ? Math.max(index - 1, 0) : null
}
