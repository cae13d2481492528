import { type Environment, InputError } from '@saeval/hub'

/** Seconds for a call of a function, and the further seconds for a megabyte of what it is given. */
const seconds = { call: 5, megabyte: 10 }
/** Times the limit that may go by while the processor does other work. */
const patience = 5
/** Milliseconds after which a function counts as slow. */
const slowAfter = 10_000
const variable = 'SAEVAL_PYTHON_SECONDS'

/** The clock of the question that Python is at. It counts processor time where the system tells it, so that a busy machine costs nothing. */
export class TimeLimit {
  #clock: NodeJS.Timeout | undefined
  readonly #slow = new Set<string>()
  readonly #call: number
  #read: { readonly at: number; readonly worked: number | null } = { at: 0, worked: null }

  /** Throws InputError where `env` names no number of seconds. */
  constructor(
    env: Environment,
    readonly onSlow: ((sentence: string) => void) | undefined,
  ) {
    const given = env[variable]
    this.#call = given === undefined ? seconds.call : Number(given)
    if (!(this.#call > 0)) throw new InputError(`${variable} is ${JSON.stringify(given)}; it is a number of seconds`)
  }

  /** Starts for a question of so many bytes; `end` is called once with what is to be said. */
  start(about: string, bytes: number, processorTime: () => number | null, end: (sentence: string) => void): void {
    this.stop()
    const limit = 1000 * (this.#call + (seconds.megabyte * bytes) / 1e6)
    const began = Date.now()
    // many answers come in a millisecond; reading the time takes as long as some
    if (began - this.#read.at > 100) this.#read = { at: began, worked: processorTime() }
    const { worked } = this.#read
    const tick = () => {
      const passed = Date.now() - began
      const now = processorTime()
      const used = now === null || worked === null ? passed : Math.max(now - worked, passed / patience)
      if (passed >= slowAfter && !this.#slow.has(about)) {
        this.#slow.add(about)
        this.onSlow?.(`${about} has been running for ${slowAfter / 1000} s and goes on`)
      }
      if (used < limit) {
        this.#clock = setTimeout(tick, Math.min(limit - used, slowAfter))
        return
      }
      end(`it took more than ${Math.round(limit / 1000)} s; ${variable} gives a call more seconds`)
    }
    this.#clock = setTimeout(tick, Math.min(limit, slowAfter))
  }

  stop(): void {
    clearTimeout(this.#clock)
  }
}
