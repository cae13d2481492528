import type { Environment } from '@saeval/hub'
import { parseAnswer, toWireJson } from '../json/wire.js'
import { isDict, type PyDict, type PyValue } from '../values/value.js'
import { writeFrame } from './frames.js'
import type { PythonFile } from './python-file.js'
import { type PythonProcess as Started, startProcess, stopped } from './start-process.js'
import { TimeLimit } from './time-limit.js'

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
  /** SAEVAL_CACHE names the folder that keeps Python's start, SAEVAL_PYTHON_SECONDS the time of a call; process.env by default. */
  readonly env?: Environment
  /** Whether Python may run where the runtime has no permission model (Bun, Deno); false by default. */
  readonly unsafe?: boolean
}

interface Question {
  /** The operation of host.py and its arguments, as JSON. */
  readonly json: string
  /** The function it is about, for messages. */
  readonly about: string
  readonly answer: (reply: PythonReply) => void
  readonly fail: (error: Error) => void
}

/**
 * CPython (Pyodide) in a process of its own; it starts with the first question, and anew after it has ended. Questions asked in one turn of
 * the event loop cross to Python together. Python sees a file system of its own in memory, and no network. It keeps this process
 * alive only while it is asked.
 */
export class PythonProcess {
  #process: Promise<Started> | null = null
  #started: Started | null = null
  #files: PythonFile[] = []
  #waiting: Question[] = []
  #asked: Question[] = []
  #scheduled = false
  #closing = new AbortController()
  readonly #limit: TimeLimit

  /** `onEnd` is told when Python has ended with all that it knew. */
  constructor(
    readonly options: PythonOptions,
    readonly onEnd: () => void,
  ) {
    this.#limit = new TimeLimit(options.env ?? process.env, options.onSlow)
  }

  /** Puts files where Python sees them, before the next question. */
  add(files: readonly PythonFile[]): void {
    this.#files.push(...files)
  }

  /**
   * Asks Python for one operation of host.py, about a function of a task. Throws InputError where Pyodide is not installed and where
   * Python would get a value that it does not have. What takes too long or ends Python is answered as an exception.
   */
  ask(name: string, args: PyDict, about: string): Promise<PythonReply> {
    return new Promise((answer, fail) => {
      this.#waiting.push({ json: toWireJson([name, args], about), about, answer, fail })
      if (this.#scheduled) return
      this.#scheduled = true
      setImmediate(() => void this.#send())
    })
  }

  #start(): Promise<Started> {
    if (this.#process === null) {
      const { signal, env, unsafe } = this.options
      const ends = [this.#closing.signal, ...(signal ? [signal] : [])]
      const starting = startProcess(AbortSignal.any(ends), env, unsafe)
      this.#process = starting
      starting.then(
        (started) => started.listen(this.#take, (reason) => this.#ended(starting, reason)),
        (reason) => this.#ended(starting, reason),
      )
    }
    return this.#process
  }

  /** Ends the process, whatever it is doing, be it starting. */
  async close(): Promise<void> {
    const reason = new Error('Python was stopped')
    this.#closing.abort(reason)
    this.#closing = new AbortController()
    const starting = this.#process
    this.#forget()
    this.#fail(reason)
    await starting?.catch(() => null)
  }

  async #send(): Promise<void> {
    this.#scheduled = false
    const questions = this.#waiting.splice(0)
    const files = this.#files.splice(0)
    const { signal } = this.options
    try {
      signal?.throwIfAborted()
      const started = await this.#start()
      signal?.throwIfAborted()
      if (this.#process === null) throw stopped(signal)
      this.#started = started
      started.hold(true)
      const text = Buffer.from(`[${questions.map(({ json }) => json).join(',')}]`)
      writeFrame(started.input, [...files.flatMap(([path, bytes]) => [Buffer.from(path), bytes]), text])
      this.#asked.push(...questions)
      this.#watch(started)
    } catch (error) {
      for (const { fail } of questions) fail(error as Error)
    }
  }

  /** Ends Python when the question that it is at takes too long. */
  #watch(started: Started): void {
    const question = this.#asked[0]
    if (question === undefined) {
      this.#limit.stop()
      started.hold(false)
      return
    }
    this.#limit.start(question.about, question.json.length, started.processorTime, (sentence) => {
      this.#forget()
      started.kill()
      this.#end({ error: 'TimeoutError', message: sentence, where: null, package: null })
    })
  }

  readonly #take = (bytes: Buffer): void => {
    const question = this.#asked.shift()
    let reply: PyValue = null
    try {
      reply = parseAnswer(bytes)
    } catch {
      // what is no answer is said below
    }
    const plain = isDict(reply) ? Object.fromEntries(reply) : {}
    if ('value' in plain || typeof plain.error === 'string') question?.answer(plain as unknown as PythonReply)
    else question?.fail(new Error(`${question.about} made Python answer nothing that can be read`))
    if (this.#started !== null) this.#watch(this.#started)
  }

  #ended(starting: Promise<Started>, reason: Error): void {
    if (this.#process !== starting) return
    this.#forget()
    if (this.options.signal?.aborted) this.#fail(reason)
    else this.#end({ error: 'SystemError', message: reason.message, where: null, package: null })
  }

  /** What is asked next starts Python anew. */
  #forget(): void {
    this.#process = this.#started = null
    this.onEnd()
  }

  #fail(reason: Error): void {
    this.#limit.stop()
    for (const { fail } of this.#asked.splice(0)) fail(reason)
  }

  /** Tells the question that Python was at why it has no answer, and those after it that they have none. */
  #end(reply: PythonReply): void {
    this.#limit.stop()
    const [question, ...others] = this.#asked.splice(0)
    question?.answer(reply)
    for (const { about, fail } of others) fail(new Error(`${about} was not called: Python had to be stopped`))
  }
}
