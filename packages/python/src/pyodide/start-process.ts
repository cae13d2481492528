import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve, sep } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type Environment, InputError, option, sentence } from '@saeval/hub'
import { FrameReader } from './frames.js'
import type { PythonFile } from './python-file.js'
import { keepSnapshot, snapshotPath } from './snapshot.js'
import { forbidProcesses, hasPermissionModel, walled } from './walls.js'

/** The Python and JavaScript files that run beside Pyodide; the same folder from src and from dist. */
const folder = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', 'python')

/** Bytes of one answer that Python may give. */
const largestAnswer = 256 << 20

/** CPython in a process of its own. */
export interface PythonProcess {
  readonly input: Writable
  /** Set once Python has started: what is done with an answer, and with the process' end. */
  listen(onAnswer: (bytes: Buffer) => void, onEnd: (reason: Error) => void): void
  /** Whether it keeps this process alive. */
  hold(held: boolean): void
  /** Milliseconds of processor time that it has taken; null where the system does not say. */
  processorTime(): number | null
  kill(): void
}

/**
 * Starts CPython behind walls, in a process that does not keep this one alive. From a kept start that takes a second, else three, after
 * which the start is kept for the next time, in the cache folder that `env` names. Throws InputError where Pyodide is not installed, or
 * where this runtime has no permission model and `unsafe` is not set; and the signal's reason once it is aborted.
 */
export async function startProcess(signal: AbortSignal, env?: Environment, unsafe = false): Promise<PythonProcess> {
  if (!hasPermissionModel() && !unsafe)
    throw new InputError(
      sentence`this runtime has no permission model: code that left the sandbox of Python functions of tasks would have your files and network; ${option('unsafe')} runs them all the same, Node without it`,
    )
  const pyodide = dirname(findPyodide())
  const files = filesBeside()
  const snapshot = snapshotPath(pyodide, files, env)
  const script = join(folder, 'child.mjs')
  const settings = JSON.stringify({ pyodide, snapshot })
  const readable = [join(folder, '/'), join(pyodide, '/'), ...(snapshot === null ? [] : [snapshot])]
  const { command, args } = hasPermissionModel()
    ? walled(script, settings, readable)
    : { command: process.execPath, args: [script, settings] }
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], env: systemOnly() })
  signal.addEventListener('abort', () => void child.kill('SIGKILL'), { once: true })
  if (signal.aborted) child.kill('SIGKILL')
  const ended = new Promise<Error>((tell) => {
    child.once('error', (error) => tell(new Error(`Python cannot be started: ${error.message}`)))
    child.once('exit', (code, by) => tell(stopped(signal, code, by)))
  })
  // it may be gone while it is written to
  child.stdin.on('error', () => {})
  let onAnswer = (_: Buffer) => {}
  let started = false
  await new Promise<void>((ready, fail) => {
    void ended.then(fail)
    const reader = new FrameReader(largestAnswer)
    child.stdout.on('data', (piece: Buffer) => {
      try {
        for (const [kind, bytes] of reader.take(piece)) {
          // once it has started it has seen tasks, and nothing of it is kept
          if (started) onAnswer(bytes)
          else if (kind === 'snapshot' && snapshot !== null) keepSnapshot(snapshot, bytes)
          else {
            started = true
            ready()
          }
        }
      } catch {
        child.kill('SIGKILL')
      }
    })
  })
  if (child.pid !== undefined) forbidProcesses(child.pid)
  hold(child, false)
  return {
    input: child.stdin,
    listen(answers, end) {
      onAnswer = answers
      void ended.then(end)
    },
    hold: (held) => hold(child, held),
    processorTime: () => processorTime(child.pid),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** Why a process has ended. */
export function stopped(signal: AbortSignal | undefined, code?: number | null, by?: string | null): Error {
  if (signal?.aborted) return signal.reason
  const how = by ?? (code === undefined || code === null ? null : `exit ${code}`)
  return new Error(`Python ended by itself${how === null ? '' : ` (${how})`}: it ran out of memory or crashed`)
}

function hold(child: ChildProcessByStdio<Writable, Readable, null>, held: boolean): void {
  for (const part of [child, child.stdin, child.stdout] as readonly { ref?(): void; unref?(): void }[])
    held ? part.ref?.() : part.unref?.()
}

/** What Windows itself needs to start a program; nothing elsewhere. */
function systemOnly(): Record<string, string> {
  return process.platform === 'win32' ? { SystemRoot: process.env.SystemRoot ?? '' } : {}
}

/** Linux tells it in ticks of 10 ms, as fields 14 and 15. */
function processorTime(pid: number | undefined): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return 10 * (Number(fields[11]) + Number(fields[12]))
  } catch {
    return null
  }
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

/** Everything that decides what Python's memory is after its start. */
function filesBeside(): PythonFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(py|m?js)$/.test(name))
    .sort()
    .map((name) => [name.split(sep).join('/'), readFileSync(join(folder, name))])
}
