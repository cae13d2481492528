import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Runs reference.py with a Python that has torch and transformers: --python, else python3. */
export function reference(python, job) {
  const folder = mkdtempSync(join(tmpdir(), 'saeval-bench-'))
  try {
    const file = join(folder, 'job.json')
    writeFileSync(file, JSON.stringify(job))
    const script = fileURLToPath(new URL('reference.py', import.meta.url))
    const program = python ?? 'python3'
    const { stdout, stderr, status, error } = spawnSync(program, [script, file], { encoding: 'utf8' })
    if (status !== 0)
      throw new Error(`${program} reference.py failed: ${error?.message ?? stderr.trim().split('\n').at(-1)}`)
    return JSON.parse(stdout.trim().split('\n').at(-1))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
