import { answerAll, type GeneratedTokens, plainSettings, type SteerableModel } from '@saeval/language-model'
import { largest } from './check.js'
import { newTokens, requestsOf } from './subject.js'

/** Greedy texts after prompts of several lengths; null of a model that does not tell its tokens. */
export async function greedyTexts(model: SteerableModel, text: string): Promise<readonly GeneratedTokens[] | null> {
  const { contexts } = requestsOf(text)
  const greedy = { until: [], maxGenToks: newTokens, doSample: false, temperature: 0, settings: plainSettings }
  const written: GeneratedTokens[] = []
  await answerAll(
    model,
    contexts.map((context) => ({ type: 'generate_until' as const, context, ...greedy })),
    {
      onTokens: (tokens) => {
        written[tokens.request] = tokens
      },
    },
  )
  return written.length === contexts.length ? written : null
}

/** By how many nats the first token of `actual` that is not as `expected` is behind by a model; 0 where all are the same. */
export async function lessLikely(
  model: SteerableModel,
  promptIds: readonly number[],
  expected: readonly number[],
  actual: readonly number[],
): Promise<number> {
  const at = expected.findIndex((token, index) => token !== actual[index])
  if (at < 0) return 0
  const token = actual[at]
  if (token === undefined) return Number.POSITIVE_INFINITY
  const ids = [...promptIds, ...expected.slice(0, at)]
  const predictions = [expected[at]!, token].map((token) => ({ position: ids.length - 1, token }))
  const [scored] = await model.scoreTokens([{ ids, predictions, promptLength: promptIds.length }])
  return largest([scored!.logprobs[0]! - scored!.logprobs[1]!])
}
