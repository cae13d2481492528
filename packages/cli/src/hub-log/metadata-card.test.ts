import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readYaml } from '@saeval/eval-harness/internal/yaml/yaml'
import { type PyValue, toPlain } from '@saeval/python'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { metadataCard } from './metadata-card.js'

const files = [
  ...['README.md', '.gitattributes', 'a__m/results_2026-01-02T03-04-05.000006.json'],
  ...['a__m/samples_my-task_2026-01-02T03-04-05.000006.jsonl', 'a__m/samples_my-task_2026-01-01T03-04-05.000006.jsonl'],
  ...['a__m/samples_b_c_2026-01-01T03-04-05.000006.jsonl', 'a__m/results_2026-01-01T03-04-05.000006.json'],
  ...['other/samples_b_c_2025-12-01T03-04-05.000006.jsonl', 'other/results_2025-12-01T03-04-05.000006.json'],
  'a/m/results_2026-01-02T03-04-05.000006.json',
]

it('has the fields that lm_eval 0.4.13 makes of these files', () => {
  const results = JSON.stringify({ all: { b_c: { 'acc,none': 0.5 } }, b_c: { 'acc,none': 0.5 } }, null, 4)
  const facts = {
    repository: 'me/lm-eval-results-private',
    endpoint: 'https://huggingface.co',
    modelName: 'a/m',
    results,
  }
  const card = (modelSource: string) =>
    metadataCard(files, { ...facts, modelSource, leaderboardUrl: 'https://board', pointOfContact: 'me@x.y' })
  const [, front, body] = card('hf').split('---\n') as [string, string, string]
  const config = (name: string, date: string, file: string) => ({
    config_name: name,
    data_files: [date, 'latest'].map((split) => ({ split, path: [`**/${file}.jsonl`] })),
  })
  const summary = `Dataset automatically created during the evaluation run of model [a/m](https://huggingface.co/a/m)
The dataset is composed of 2 configuration(s), each one corresponding to one of the evaluated task.

The dataset has been created from 4 run(s). Each run can be found as a specific split in each configuration, the split being named using the timestamp of the run.The "train" split is always pointing to the latest results.

An additional configuration "results" store all the aggregated results of the run.

To load the details from a run, you can for instance do the following:
\`\`\`python
from datasets import load_dataset
data = load_dataset(
\t"me/lm-eval-results-private",
\tname="a__m__my_task",
\tsplit="latest"
)
\`\`\`

## Latest results

These are the [latest results from run 2026-01-02T03-04-05.000006](https://huggingface.co/datasets/me/lm-eval-results-private/blob/main/a__m/results_2026-01-02T03-04-05.000006.json) (note that there might be results for other tasks in the repos if successive evals didn't cover the same tasks. You find each in the results and the "latest" split for each eval):

\`\`\`python
${results}
\`\`\``
  const file = join(temporaryFolder(), 'front.yaml')
  writeFileSync(file, front)
  expect(toPlain(readYaml(file) as PyValue)).toEqual({
    pretty_name: 'Evaluation run of a/m',
    dataset_summary: summary,
    repo_url: 'https://huggingface.co/a/m',
    leaderboard_url: 'https://board',
    point_of_contact: 'me@x.y',
    configs: [
      config('a__m__b_c', '2026_01_01T03_04_05.000006', 'samples_b_c_2026-01-01T03-04-05.000006'),
      config('a__m__my_task', '2026_01_02T03_04_05.000006', 'samples_my-task_2026-01-02T03-04-05.000006'),
      config('other__b_c', '2025_12_01T03_04_05.000006', 'samples_b_c_2025-12-01T03-04-05.000006'),
    ],
  })
  expect(body).toBe(`\n# Dataset Card for Evaluation run of a/m\n\n${summary}\n`)
  expect(card('steered')).not.toContain('load_dataset')
})
