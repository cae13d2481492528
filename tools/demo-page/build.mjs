// Writes the page that steers the demo model: node tools/demo-page/build.mjs [folder], after a build. The questions are those that saeval asks.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readQuestions, writePage } from '../../packages/playground/dist/index.js'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const folder = process.argv[2] ?? join(repository, 'docs/playground')
const model = 'examples/demo/model'
const domains = ['dogs', 'cats', 'horses', 'birds', 'fish', 'people', 'places', 'jobs', 'food', 'colours', 'family']

const output = mkdtempSync(join(tmpdir(), 'saeval-demo-page-'))
try {
  execFileSync(
    process.execPath,
    [
      'packages/cli/dist/bin.js',
      ...['run', '--model', 'hf', '--model_args', `pretrained=${model}`, '--tasks', 'demo'],
      ...['--include_path', 'examples/demo/tasks', '--batch_size', 'auto', '--log_samples', '--output_path', output],
    ],
    { cwd: repository, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const found = readdirSync(output, { recursive: true, encoding: 'utf8' })
  const samples = (name) =>
    join(
      output,
      found.find((file) => new RegExp(`samples_demo_${name}_[^/\\\\]*$`).test(file)),
    )
  const tasks = []
  for (const name of domains)
    tasks.push({ name: `demo_${name}`, title: name, questions: await readQuestions(samples(name)) })
  const saes = ['layer_3', 'layer_2'].map((id) => ({ release: 'examples/demo/saes', id }))
  const paths = [
    ...['config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].map(
      (file) => `${model}/${file}`,
    ),
    ...saes.flatMap(({ release, id }) =>
      ['cfg.json', 'features.jsonl', 'sae_weights.safetensors'].map((file) => `${release}/${id}/${file}`),
    ),
  ]
  await writePage({
    folder,
    playground: {
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
      latents: [
        { sae: 0, latent: 121 },
        { sae: 0, latent: 71 },
      ],
    },
    files: Object.fromEntries(paths.map((path) => [path, join(repository, path)])),
  })
} finally {
  rmSync(output, { recursive: true, force: true })
}
