import { expect, it } from 'vitest'
import { steerCommand } from './steer-command.js'

const score = (task: string, members: readonly string[] | null = null) =>
  ({ task, members }) as Parameters<typeof steerCommand>[0]['results']['scores'][number]
const of = (model: string, revision: string | undefined, limit: number | null = null) => {
  const scores = [score('mmlu', ['mmlu_anatomy']), score('mmlu_anatomy'), score('dogs'), score('dogs')]
  return steerCommand({ model, revision, results: { scores, config: { limit } } })
}

it('is a whole command, with the revision and what the run asked', () => {
  const head = 'saeval run --model sae_steered_beta --model_args'
  expect(of('google/gemma-2-2b', undefined)).toBe(
    `${head} base_name=google/gemma-2-2b,csv_path=steering.csv --tasks mmlu,dogs`,
  )
  expect(of('gpt2', 'refs/pr/1', 10)).toBe(
    `${head} base_name=gpt2,csv_path=steering.csv,revision=refs/pr/1 --tasks mmlu,dogs --limit 10`,
  )
})

it.each([
  ["it's/a, model", undefined],
  ['gpt2', '607'],
  ['gpt2', 'true'],
  ['$(touch x)', undefined],
])('keeps a model %s of revision %s together for the shell and for model_args', (model, revision) => {
  const args = /--model_args '(.*)' --tasks/.exec(of(model, revision))![1]!.replaceAll("'\\''", "'")
  expect(JSON.parse(args)).toEqual({
    base_name: model,
    csv_path: 'steering.csv',
    ...(revision === undefined ? {} : { revision }),
  })
})
