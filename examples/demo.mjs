// The main job on the example in this repository: a small stand-in for Gemma 2 2B, unsteered and steered along one SAE latent.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = dirname(dirname(fileURLToPath(import.meta.url)))
const work = mkdtempSync(join(tmpdir(), 'saeval-demo-'))
// a Hugging Face cache of its own: the run needs no network and touches nothing of yours
cpSync(join(repository, 'fixtures', 'hf-home'), work, { recursive: true })

function saeval(title, modelArguments) {
  const argv = ['run', ...modelArguments, '--tasks', 'mmlu_abstract_algebra', '--batch_size', 'auto', '--device', 'cpu']
  console.log(`\n${title}\n$ saeval ${argv.join(' ')}\n`)
  const { status } = spawnSync(process.execPath, [join(repository, 'packages', 'cli', 'bin', 'saeval.js'), ...argv], {
    cwd: repository,
    env: { ...process.env, HF_HOME: work, HF_HUB_CACHE: join(work, 'hub'), HF_HUB_OFFLINE: '1' },
    stdio: 'inherit',
  })
  return status ?? 1
}

try {
  process.exitCode =
    saeval('As it is:', ['--model', 'hf', '--model_args', 'pretrained=google/gemma-2-2b']) ||
    saeval('With the edits of examples/dog_steer.csv:', [
      '--model',
      'sae_steered_beta',
      '--model_args',
      'base_name=google/gemma-2-2b,csv_path=examples/dog_steer.csv',
    ])
} finally {
  rmSync(work, { recursive: true, force: true })
}
