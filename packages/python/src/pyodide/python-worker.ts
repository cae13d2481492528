import type { Worker } from 'node:worker_threads'
import { type Environment, InputError } from '@saeval/hub'
import { dumpsJson, parseJson } from '../json/json.js'
import { fromWire, hasWire, toWire } from '../json/wire.js'
import type { PyDict, PyValue } from '../values/value.js'
import type { PythonFile } from './python-file.js'
import { startWorker, stopped } from './start-worker.js'

/** What Python answered: the value, or the exception with the place in a task's file and the package that was missing. */
export type PythonReply =
  | { readonly value: PyValue }
  | {
      readonly error: string
      readonly message: string
      readonly where: string | null
      readonly package: string | null
    }

/** What stops Python, and who hears of functions that take long. */
export interface PythonOptions {
  /** Ends Python, whatever it is doing: what was asked fails with the signal's reason. */
  readonly signal?: AbortSignal
  /** Called with a sentence, once for each function that has kept Python busy for ten seconds. */
  readonly onSlow?: (sentence: string) => void
  /** SAEVAL_CACHE names the folder that keeps Python's start; process.env by default. */
  readonly env?: Environment
}

/** Milliseconds after which a function counts as slow. */
const slowAfter = 10_000

interface Question {
  readonly operation: readonly [name: string, args: PyDict]
  /** The function it is about, for messages. */
  readonly about: string
  readonly answer: (reply: PythonReply) => void
  readonly fail: (error: Error) => void
}

/**
 * CPython (Pyodide) on a worker thread; it starts with the first question. Questions asked in one turn of the event loop cross to Python
 * together. Python sees a file system of its own in memory, and no network. It keeps the process alive only while it is asked.
 */
export class PythonWorker {
  #worker: Promise<Worker> | null = null
  #files: PythonFile[] = []
  #waiting: Question[] = []
  #asked: (readonly Question[])[] = []
  #scheduled = false
  #closing = new AbortController()
  #clock: NodeJS.Timeout | undefined
  readonly #slow = new Set<string>()

  constructor(readonly options: PythonOptions = {}) {}

  /** Puts files where Python sees them, before the next question. */
  add(files: readonly PythonFile[]): void {
    this.#files.push(...files)
  }

  /** Asks Python for one operation of host.py, about a function of a task. Throws InputError where Pyodide is not installed. */
  ask(name: string, args: PyDict, about: string): Promise<PythonReply> {
    return new Promise((answer, fail) => {
      this.#waiting.push({ operation: [name, args], about, answer, fail })
      if (this.#scheduled) return
      this.#scheduled = true
      setImmediate(() => void this.#send())
    })
  }

  #started(): Promise<Worker> {
    if (this.#worker === null) {
      const { signal, env } = this.options
      const ends = [this.#closing.signal, ...(signal ? [signal] : [])]
      this.#worker = startWorker(AbortSignal.any(ends), env)
    }
    return this.#worker
  }

  /** Ends the thread, whatever it is doing, be it starting. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('Python was stopped'))
    this.#closing = new AbortController()
    const worker = await this.#worker?.catch(() => null)
    this.#worker = null
    await worker?.terminate()
  }

  async #send(): Promise<void> {
    this.#scheduled = false
    const questions: Question[] = []
    const texts: string[] = []
    for (const question of this.#waiting.splice(0)) {
      try {
        texts.push(written(question))
        questions.push(question)
      } catch (error) {
        question.fail(error as Error)
      }
    }
    if (questions.length === 0) return
    const files = this.#files.splice(0)
    const { signal } = this.options
    try {
      signal?.throwIfAborted()
      const worker = await this.#started()
      signal?.throwIfAborted()
      if (this.#asked.length === 0) this.#listen(worker)
      this.#asked.push(questions)
      if (this.#asked.length === 1) this.#watch()
      const request = new TextEncoder().encode(`[${texts.join(', ')}]`)
      worker.postMessage({ files, request }, [request.buffer])
    } catch (error) {
      for (const { fail } of questions) fail(error as Error)
    }
  }

  /** Says so when the questions that Python is at take long. */
  #watch(): void {
    clearTimeout(this.#clock)
    const questions = this.#asked[0]
    if (questions === undefined) return
    this.#clock = setTimeout(() => {
      for (const about of new Set(questions.map((question) => question.about))) {
        if (this.#slow.has(about)) continue
        this.#slow.add(about)
        this.options.onSlow?.(`${about} has been running for ${slowAfter / 1000} s and goes on`)
      }
    }, slowAfter)
  }

  /** Takes answers until none is awaited. */
  #listen(worker: Worker): void {
    worker.ref()
    const stop = () => {
      worker.off('message', take).off('error', broken).off('exit', ended)
      worker.unref()
    }
    const take = ({ reply: bytes, failure }: { reply?: Uint8Array; failure?: string }) => {
      const questions = this.#asked.shift()!
      this.#watch()
      if (this.#asked.length === 0) stop()
      if (bytes === undefined) return questions.forEach(({ fail }) => void fail(new Error(`Python: ${failure}`)))
      const reply = Buffer.from(bytes.buffer).toString('latin1')
      const parsed = parseJson(reply)
      const replies = (hasWire(reply) ? fromWire(parsed) : parsed) as readonly PyDict[]
      questions.forEach(
        ({ answer }, index) => void answer(Object.fromEntries(replies[index]!) as unknown as PythonReply),
      )
    }
    const broken = (error: Error) => {
      stop()
      this.#worker = null
      for (const { fail } of this.#asked.splice(0).flat()) fail(error)
      this.#watch()
    }
    const ended = () => broken(stopped(this.options.signal))
    worker.on('message', take).on('error', broken).on('exit', ended)
  }
}

/** A question as JSON. Throws InputError where Python would get a value that it does not have. */
function written({ operation: [name, args], about }: Question): string {
  try {
    return dumpsJson([name, args], { other: toWire })
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new InputError(`${about} would get ${cause.message}, which saeval's Python does not have`, { cause })
  }
}
