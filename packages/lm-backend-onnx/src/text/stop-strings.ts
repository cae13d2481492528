import type { Tokenizer } from '@saeval/tokenizer'

/** The stop strings of a request with the end-of-text token's own text added. */
export function stopStrings(until: readonly string[], eosText: string | null): string[] {
  return eosText === null || until.includes(eosText) ? [...until] : [...until, eosText]
}

/** The text before the stop strings, cut at each in the order of the list, as lm_eval does; empty ones cut nothing. */
export function cutAtStops(text: string, stops: readonly string[]): string {
  return stops.filter((stop) => stop !== '').reduce((rest, stop) => rest.split(stop)[0]!, text)
}

/**
 * Whether a generation has come to a stop string. Like lm_eval, it looks at as many of the last tokens as the string itself takes plus
 * two, so that a stop in another tokenisation is found and one long past is not decoded again.
 */
export function stopDetector(tokenizer: Tokenizer, stops: readonly string[]): (newIds: readonly number[]) => boolean {
  const windows = stops.map((stop) => ({
    stop,
    length: tokenizer.encode(stop, { addSpecialTokens: false }).length + 2,
  }))
  return (newIds) => windows.some(({ stop, length }) => tokenizer.decode(newIds.slice(-length)).includes(stop))
}
