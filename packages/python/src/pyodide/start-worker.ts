import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { type Environment, InputError } from '@saeval/hub'
import type { PythonFile } from './python-file.js'
import { keepSnapshot, snapshotPath } from './snapshot.js'

/** The Python and JavaScript files that run beside Pyodide; the same folder from src and from dist. */
const folder = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', 'python')

/**
 * Starts CPython on a thread, which does not keep the process alive. From a kept start that takes a second, else three, after which
 * the start is kept for the next time, in the cache folder that `env` names. Throws InputError where Pyodide is not installed, and the
 * signal's reason once it is aborted.
 */
export async function startWorker(signal: AbortSignal, env?: Environment): Promise<Worker> {
  const pyodide = findPyodide()
  const files = siteFiles()
  const scripts = ['worker.mjs', 'snapshot.mjs'].map((name): PythonFile => [name, readFileSync(join(folder, name))])
  const snapshot = snapshotPath(pyodide, [...files, ...scripts], env)
  const worker = new Worker(join(folder, 'worker.mjs'), {
    workerData: { pyodide: pathToFileURL(pyodide).href, files, snapshot },
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
  })
  signal.addEventListener('abort', () => void worker.terminate(), { once: true })
  await new Promise<void>((ready, fail) => {
    const ended = () => fail(stopped(signal))
    worker
      .once('error', fail)
      .once('exit', ended)
      .on('message', function started(message: { readonly snapshot?: Uint8Array }) {
        if (message.snapshot !== undefined) return keepSnapshot(snapshot!, message.snapshot)
        worker.off('error', fail).off('exit', ended).off('message', started)
        ready()
      })
  })
  worker.unref()
  return worker
}

/** Why a thread has ended. */
export function stopped(signal: AbortSignal | undefined): Error {
  return signal?.reason ?? new Error('Python was stopped')
}

function findPyodide(): string {
  try {
    return createRequire(import.meta.url).resolve('pyodide/pyodide.mjs')
  } catch (cause) {
    throw new InputError(
      'this task has Python functions that need Pyodide, which is not installed: "npm install pyodide" installs it',
      { cause },
    )
  }
}

function siteFiles(): PythonFile[] {
  const site = join(folder, 'site')
  return readdirSync(site, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.py'))
    .map((name) => [`/saeval/${name.split(sep).join('/')}`, readFileSync(join(site, name))])
}
