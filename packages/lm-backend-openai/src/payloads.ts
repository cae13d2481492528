import type { GenerateUntilRequest } from '@saeval/language-model'

/** The end of a payload that asks for log-probabilities of the prompt itself. */
export const echoed = { temperature: 0, max_tokens: 1, logprobs: 1, echo: true } as const

/** What a request says of how its text is written, as lm_eval sends it; `eos` ends a text too, where it is known. */
export function generationPayload(
  { until, maxGenToks, temperature, settings = {} }: GenerateUntilRequest,
  eos: string | null,
): Readonly<Record<string, unknown>> {
  const stop = eos === null || until.includes(eos) ? [...until] : [...until, eos]
  const { max_new_tokens: _, ...others } = settings
  const given = Object.entries(others).filter(([, value]) => value !== null)
  return { max_tokens: maxGenToks, temperature, stop, ...Object.fromEntries(given) }
}

/** The text before the first of `until`: a server may leave it in, or not have been told all. */
export function beforeStops(text: string, until: readonly string[]): string {
  const found = until.flatMap((stop) => (stop !== '' && text.includes(stop) ? [text.indexOf(stop)] : []))
  return found.length === 0 ? text : text.slice(0, Math.min(...found))
}
