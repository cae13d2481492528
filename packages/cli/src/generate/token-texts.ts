import type { Tokenizer } from '@saeval/lm-backend-onnx'

/** What each token adds to the text of all before it; characters of several tokens come with their last. */
export function tokenTexts(tokenizer: Tokenizer, ids: readonly number[]): string[] {
  let before = ''
  return ids.map((_, index) => {
    const text = tokenizer.decode(ids.slice(0, index + 1))
    const whole = index === ids.length - 1 ? text : text.replace(/\ufffd+$/, '')
    if (!whole.startsWith(before)) return ''
    const added = whole.slice(before.length)
    before = whole
    return added
  })
}

/** As much of a text under way as will stay: without half a character or what may become a stop string. */
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
