// Writes the page that steers the demo model: node tools/demo-page/build.mjs [folder], after a build. The questions are those that saeval asks.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readQuestions, writePage } from '../../packages/playground/dist/index.js'
import { demoFiles, demoPage, domains } from './demo-page.mjs'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const folder = process.argv[2] ?? join(repository, 'docs/playground')

const output = mkdtempSync(join(tmpdir(), 'saeval-demo-page-'))
try {
  execFileSync(
    process.execPath,
    [
      'packages/cli/dist/bin.js',
      ...['run', '--model', 'hf', '--model_args', 'pretrained=examples/demo/model', '--tasks', 'demo'],
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
  await writePage({ folder, playground: demoPage(tasks), files: demoFiles })
} finally {
  rmSync(output, { recursive: true, force: true })
}
