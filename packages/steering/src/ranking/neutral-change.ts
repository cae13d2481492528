import type { SteerableModel } from '@saeval/language-model'
import { lowerEdits, type SteeringEdit } from '@saeval/sae-core'
import { klDivergence } from './kl-divergence.js'

/** Beginnings of plain sentences about nothing in particular; the neutral prompt of Arad et al. 2025 is the first. */
export const neutralTexts = [
  'From my experience,',
  'It was late in the afternoon when the train',
  'The report says that most of the',
  'There are three things to know about this:',
  'After the meeting she wrote a letter to',
  'In the middle of the room there was',
  'He did not remember where he had put the',
  'The results of the second year were',
]

/** Settings that go through the model in one batch. */
const together = 64

/**
 * For each edit alone, the mean divergence (klDivergence) of the next token after the neutral texts from the unsteered model's, several edits as rows
 * of one batch; null where an edit makes activations overflow.
 */
export async function neutralChanges(
  model: SteerableModel,
  edits: readonly SteeringEdit[],
): Promise<(number | null)[]> {
  const plain = model.steer([])
  const sums = new Array<number>(edits.length).fill(0)
  const settings = await Promise.all(edits.map((edit) => lowerEdits([edit], { dHead: model.dHead })))
  for (const text of neutralTexts) {
    const ids = model.tokenizer.encode(text)
    const [before] = await plain.lastLogits(ids, [[]])
    for (let at = 0; at < edits.length; at += together) {
      const logits = await plain.lastLogits(ids, settings.slice(at, at + together))
      for (const [index, after] of logits.entries()) {
        // NaN stays NaN
        sums[at + index]! += Number.isNaN(after[0]!) ? Number.NaN : klDivergence(before!, after) / neutralTexts.length
      }
    }
  }
  return sums.map((sum) => (Number.isNaN(sum) ? null : sum))
}
