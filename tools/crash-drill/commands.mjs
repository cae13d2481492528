import { spawn } from 'node:child_process'
import { mkdtempSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { filesBelow } from './results.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const program = join(root, 'packages/cli/dist/bin.js')
const model = 'base_name=examples/demo/model'
const csv = 'examples/demo/forget_dogs.csv'
const asked = ['-t', 'demo_dogs', '--include_path', 'examples/demo/tasks', '--device', 'cpu', '-b', 'auto', '-o', 'out']
const kept = ['--use_cache', 'cache']
const sweep = ['sweep', '-a', model, '--csv', csv, '--coefficients=-20,0', '--limit', '40', ...asked]

const fixed = asked.map((word) => (word === 'auto' ? '4' : word))
const planned = ['-a', model, '--csv', csv, '--coefficients=-20,0', '--limit', '40', ...fixed]

/** Command lines on the demo's model, in a folder of `newFolder`. */
export const commands = {
  run: ['run', '-M', 'sae_steered_beta', '-a', `${model},csv_path=${csv}`, '--log_samples', ...asked, ...kept],
  'sweep --use_cache': [...sweep, ...kept],
  sweep,
  'sweep that is planned': ['sweep', ...planned],
}

/** The way of the last one in parts. */
export const parts = {
  plan: ['plan', 'plan', '--shards', '3', ...planned],
  work: ['work', 'plan'],
  merge: ['merge', 'plan'],
}

/** A folder that a command runs in: the same relative paths in each, so that records of the command line are the same. */
export function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'saeval-drill-'))
  symlinkSync(join(root, 'examples'), join(folder, 'examples'))
  return folder
}

/** Bytes that a command has written so far. */
export function bytesIn(folder) {
  const sizes = ['out', 'cache', 'plan'].flatMap((name) => filesBelow(join(folder, name)))
  return sizes.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0)
}

/**
 * Runs a command line in a folder; `before` are words of another program that starts it. `meanwhile` is given the process, and a function that gives
 * standard error so far. Gives its exit code or signal, standard error and when it ended.
 */
export async function runIn(folder, argv, { env = {}, before = [], meanwhile = async () => {} } = {}) {
  const [first, ...words] = [...before, process.execPath, program, ...argv]
  const child = spawn(first, words, {
    cwd: folder,
    env: { ...process.env, HF_HUB_OFFLINE: '1', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (text) => {
    stderr += text
  })
  const ended = new Promise((resolve) =>
    child.on('close', (code, signal) => resolve({ end: signal ?? code, endedAt: performance.now() })),
  )
  await Promise.race([ended, meanwhile(child, () => stderr)])
  const { end, endedAt } = await ended
  return { end, endedAt, stderr }
}
