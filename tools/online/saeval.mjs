// Runs of the command line, and what their files say.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Runs saeval; progress and warnings are shown as they come. Gives what it printed; throws with its last line when it fails. */
export function saeval(argv) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(repository, 'packages', 'cli', 'bin', 'saeval.js'), ...argv], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    let said = ''
    child.stdout.on('data', (data) => {
      printed += data
    })
    child.stderr.on('data', (data) => {
      said = `${said}${data}`.slice(-4000)
      process.stderr.write(data)
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(printed)
      else reject(new Error(said.trim().split('\n').at(-1) || `saeval ${argv.join(' ')} ended with code ${code}`))
    })
  })
}

/** The newest results file below a folder. */
export function newestResults(folder) {
  const stamp = (file) => file.slice(file.lastIndexOf('results_'))
  const files = readdirSync(folder, { recursive: true }).filter((file) => /(^|[/\\])results_[^/\\]*\.json$/.test(file))
  if (files.length === 0) throw new Error(`no results file in ${folder}`)
  return JSON.parse(readFileSync(join(folder, files.sort((a, b) => (stamp(a) < stamp(b) ? -1 : 1)).at(-1)), 'utf8'))
}

/** The newest samples of a task below a folder, in order of their documents. */
export function newestSamples(folder, task) {
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.includes(`samples_${task}_`))
  if (files.length === 0) throw new Error(`no samples of ${task} in ${folder}`)
  const lines = readFileSync(join(folder, files.sort().at(-1)), 'utf8')
    .trim()
    .split('\n')
  return lines.map((line) => JSON.parse(line)).sort((a, b) => a.doc_id - b.doc_id)
}
