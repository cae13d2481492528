import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../../../tests/fixtures.js'
import type { Playground } from './browser/playground.js'

export const demoModel = 'examples/demo/model'
const release = 'examples/demo/saes'

/** The files of the demo model and its SAEs, by the names that pages know them by. */
export const demoFiles: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].map(
      (file) => `${demoModel}/${file}`,
    ),
    ...['layer_3', 'layer_2'].flatMap((id) =>
      ['cfg.json', 'features.jsonl', 'sae_weights.safetensors'].map((file) => `${release}/${id}/${file}`),
    ),
  ].map((path) => [path, join(repository, path)]),
)

/** The first questions of a task of the demo. */
export function demoTask(name: string, count: number): Playground['tasks'][number] {
  const lines = readFileSync(join(repository, 'examples/demo/tasks', `${name}.jsonl`), 'utf8').split('\n', count)
  const questions = lines.map((line) => {
    const { question, choices, answer } = JSON.parse(line) as { question: string; choices: string[]; answer: number }
    return { context: `Question: ${question}\nAnswer:`, choices: choices.map((choice) => ` ${choice}`), answer }
  })
  return { name: `demo_${name}`, title: name, questions }
}

/** A page about the demo model, with few questions. */
export const demoPlayground: Playground = {
  title: 'Steer a small language model',
  model: demoModel,
  command: 'saeval run …',
  saes: [
    { release, id: 'layer_3' },
    { release, id: 'layer_2' },
  ],
  tasks: [demoTask('dogs', 24), demoTask('cats', 24)],
  prompts: ['Long ago there was', 'This is the story of'],
  newTokens: 12,
  latents: [{ sae: 0, latent: 121 }],
}
