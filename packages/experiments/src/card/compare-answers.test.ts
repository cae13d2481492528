import type { PreparedTask } from '@saeval/eval-harness'
import type { SteerableModel } from '@saeval/language-model'
import { expect, it } from 'vitest'
import type { CardAnswer, CardSample } from './card-samples.js'
import { compareAnswers } from './compare-answers.js'

/** A model whose tokens are bytes: it writes `text`, is 5 nats surer of its own tokens, and `margin` nats surer of "a" than of any other. */
function fakeModel(text: string, margin = 5): SteerableModel {
  const logits = new Float32Array(256)
  logits[97] = margin
  const newIds = [...Buffer.from(text)]
  const read = async () => ({
    answer: async (_: unknown, { onTokens }: { onTokens: (tokens: object) => void }) => {
      onTokens({ request: 0, promptIds: [113], newIds })
      return [text]
    },
  })
  const model = {
    read,
    interventions: [],
    lastLogits: async () => [logits],
    scoreTokens: async () => [{ logprobs: [-1, -6], greedy: [true, false] }],
    tokenizer: {
      encode: (given: string) => [...Buffer.from(given)],
      decode: (ids: readonly number[]) => Buffer.from(ids).toString('utf8'),
    },
  }
  return model as unknown as SteerableModel
}

type Request = PreparedTask['asked'][number]['requests'][number]

function compare(model: SteerableModel, request: Request, told: CardAnswer[], found: CardAnswer[]) {
  const asked = { docId: 7, doc: new Map(), requests: [request] }
  const sample = (answers: CardAnswer[]) => ({ answers: [answers] }) as unknown as CardSample
  const options = { allowed: 1e-4, isSameDevice: true, model, steerable: model, seed: 1 }
  return compareAnswers(asked, sample(told), sample(found), options)
}

const writes: Request = { type: 'generate_until', context: 'q', kwargs: new Map([['until', ['\n']]]) }
const scores: Request = { type: 'loglikelihood', context: 'q', continuation: 'a' }

it('compares texts that part within a character of several tokens by the token at which they part', async () => {
  const { largest, differences } = await compare(fakeModel('è so'), writes, [{ text: 'é no' }], [{ text: 'è so' }])
  expect(largest).toBe(5)
  expect(differences).toHaveLength(1)
})

it('finds an answer that one side has no repeat of', async () => {
  const [one, two] = [[{ text: 'a' }], [{ text: 'a' }, { text: 'b' }]]
  for (const [told, found] of [
    [one, two],
    [two, one],
  ] as const)
    expect((await compare(fakeModel('a'), writes, [...told], [...found])).differences).toEqual([
      `document 7: answer 1 has ${told.length} texts in the card, ${found.length} here`,
    ])
})

it.each([
  [5, 1],
  [1e-5, 0],
])('of another flag, with a rival %s nats behind, it finds %s differences', async (margin, count) => {
  const [told, found] = [false, true].map((isGreedy) => ({ logprob: -1, isGreedy }))
  const { differences } = await compare(fakeModel('a', margin), scores, [told!], [found!])
  expect(differences).toHaveLength(count)
  if (count > 0) expect(differences[0]).toContain('is not the likeliest text in the card, and is here')
})
