import type { Head } from '../forward/head.js'
import type { HiddenStates } from '../forward/hidden-states.js'
import { overflowError } from '../forward/overflow.js'
import type { LogitsProcessor, TextSoFar } from './logits-processors.js'
import { argmax, type SamplingOptions, sampleToken } from './sampling.js'

/** How the tokens of a batch are chosen. */
export interface Choosing {
  /** null takes the most likely token. */
  readonly sampling: SamplingOptions | null
  /** Change logits before a token is chosen. */
  readonly processors: readonly LogitsProcessor[]
}

/** A text that needs a token. */
export interface WaitingText extends TextSoFar {
  /** Source of its random numbers. */
  readonly uniform: () => number
}

/**
 * The next token of each text, from a hidden state each; null stands for rows that need none. The vocabulary's logits leave the device only where
 * something looks at them: the most likely token follows without. Throws InputError where a hidden state is beyond float32.
 */
export async function chooseTokens(
  forward: Head,
  hidden: HiddenStates,
  { sampling, processors }: Choosing,
  texts: readonly (WaitingText | null)[],
): Promise<readonly (number | null)[]> {
  const acting = texts.map((text) => (text === null ? [] : processors.filter((processor) => processor.acts(text))))
  if (sampling === null && acting.every(({ length }) => length === 0)) return (await forward.head([hidden], [])).argmax
  const { logits, overflows } = await forward.logits(hidden.tensor)
  if (overflows.includes(true)) throw overflowError()
  return texts.map((text, row) => {
    if (text === null) return null
    for (const processor of acting[row]!) processor.apply(logits[row]!, text)
    return sampling === null ? argmax(logits[row]!) : sampleToken(logits[row]!, sampling, text.uniform)
  })
}
