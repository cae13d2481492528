// What the demo and the measurements of this folder share: runs of the command line on the demo model, and what they found.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const model = 'examples/demo/model'

/** The domains of the questions, dogs first. */
export const domains = 'dogs cats horses birds fish people places jobs food colours family'.split(' ')

/** Hands `work` a temporary folder and takes it away again. */
export async function inTemporaryFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'saeval-demo-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The arguments of `saeval run` for the demo's tasks: unsteered, or with the edits of a CSV of this folder. */
export function runArguments(csv) {
  const steered = ['--model', 'sae_steered_beta', '--model_args', `base_name=${model},csv_path=examples/demo/${csv}`]
  return [
    'run',
    ...(csv === null ? ['--model', 'hf', '--model_args', `pretrained=${model}`] : steered),
    ...['--tasks', 'demo,demo_stories', '--include_path', 'examples/demo/tasks', '--batch_size', 'auto'],
  ]
}

/** Runs the tasks. Returns the edits as the run prints them, the accuracy of each domain, the share of stories about dogs, and the stories. */
export function runTasks(csv, folder) {
  const argv = [...runArguments(csv), '--device', 'cpu', '--log_samples', '--output_path', folder]
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(repository, 'packages', 'cli', 'bin', 'saeval.js'), ...argv],
    {
      cwd: repository,
      encoding: 'utf8',
      // what it is doing is shown as it goes on
      stdio: ['ignore', 'pipe', 'inherit'],
      // everything is in the clone: no network, and nobody's cache is touched
      env: { ...process.env, HF_HOME: folder, HF_HUB_CACHE: join(folder, 'hub'), HF_HUB_OFFLINE: '1' },
    },
  )
  if (status !== 0) throw new Error(`saeval ${argv.join(' ')} ended with ${status}`)
  const files = readdirSync(folder, { recursive: true })
  const read = (start) =>
    readFileSync(
      join(
        folder,
        files.find((file) => file.includes(`/${start}`)),
      ),
      'utf8',
    )
  const { results } = JSON.parse(read('results_'))
  return {
    edits: stdout.split('\n').filter((line) => line.startsWith('examples/demo/')),
    accuracy: Object.fromEntries(domains.map((domain) => [domain, results[`demo_${domain}`]['acc,none']])),
    aboutDogs: results.demo_stories['exact_match,main_character'],
    stories: read('samples_demo_stories_')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ doc, resps }) => ({ opening: doc.opening, text: resps[0][0] })),
  }
}

export const percent = (share) => `${Math.round(100 * share)} %`
