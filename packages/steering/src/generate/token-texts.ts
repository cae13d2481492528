import type { TextTokenizer } from '@saeval/language-model'

/**
 * What each token adds to the text of all before it; characters of several tokens come with their last, and bytes that are no character
 * with the token after them.
 */
export function tokenTexts(tokenizer: TextTokenizer, ids: readonly number[]): string[] {
  const all = tokenizer.decode(ids)
  let before = ''
  return ids.map((_, index) => {
    const text = tokenizer.decode(ids.slice(0, index + 1))
    const whole = index === ids.length - 1 ? text : text.replace(/\ufffd+$/, '')
    // bytes that look like letters are none when no character comes of those after them
    if (!whole.startsWith(before) || !all.startsWith(whole)) return ''
    const added = whole.slice(before.length)
    before = whole
    return added
  })
}

/** As much of the text of settled tokens as will stay: without half a character or what may become a stop string. */
export function settledText(text: string, stops: readonly string[]): string {
  const whole = text.replace(/\ufffd+$/, '')
  const found = stops.filter((stop) => stop !== '' && whole.includes(stop)).map((stop) => whole.indexOf(stop))
  if (found.length > 0) return whole.slice(0, Math.min(...found))
  const held = stops.map((stop) => {
    let length = Math.min(stop.length - 1, whole.length)
    while (length > 0 && !whole.endsWith(stop.slice(0, length))) length--
    return Math.max(0, length)
  })
  return whole.slice(0, whole.length - Math.max(0, ...held))
}
