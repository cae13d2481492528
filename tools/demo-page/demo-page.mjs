// What the page about the demo model holds (packages/playground, writePage), but for its questions.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const model = 'examples/demo/model'
const saes = ['layer_3', 'layer_2'].map((id) => ({ release: 'examples/demo/saes', id }))

/** Tasks of the demo: demo_dogs and so on. */
export const domains = [
  'dogs',
  'cats',
  'horses',
  'birds',
  'fish',
  'people',
  'places',
  'jobs',
  'food',
  'colours',
  'family',
]

const paths = [
  ...['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].map(
    (file) => `${model}/${file}`,
  ),
  ...saes.flatMap(({ release, id }) =>
    ['cfg.json', 'features.jsonl', 'sae_weights.safetensors'].map((file) => `${release}/${id}/${file}`),
  ),
]

/** The files of the model and its SAEs. */
export const demoFiles = Object.fromEntries(paths.map((path) => [path, join(repository, path)]))

/** The page, with its tasks. */
export function demoPage(tasks) {
  return {
    title: 'Steer a small language model',
    model,
    command:
      'saeval run --model sae_steered_beta --model_args base_name=examples/demo/model,csv_path=steering.csv --tasks demo --include_path examples/demo/tasks',
    saes,
    tasks,
    prompts: [
      'Long ago there was',
      'This is the story of',
      'Question: What sound does the dog make?\nAnswer:',
      'Question: What is it that the cat eats?\nAnswer:',
    ],
    newTokens: 40,
    // dogs and horses (examples/demo/README.md)
    edits: [121, 71].map((latent) => ({ sae: 0, latent, action: 'add', coefficient: 0 })),
  }
}
