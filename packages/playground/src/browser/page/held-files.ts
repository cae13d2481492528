import type { Requests } from '../protocol.js'

/** What a worker is asked to open, and which of its buffers become the worker's own. */
export interface GivenFiles {
  readonly request: Requests['open']
  readonly transfer: readonly ArrayBuffer[]
}

/** The files of the page's model on their way to its workers: the last one to open them gets the bytes themselves, and the page holds them no more. */
export class HeldFiles {
  #files: Promise<Readonly<Record<string, Uint8Array<ArrayBuffer>>>> | null

  constructor(files: Promise<Readonly<Record<string, Uint8Array<ArrayBuffer>>>>) {
    this.#files = files
    // it shows where it is waited for
    files.catch(() => {})
  }

  /** For a worker that others come after: it gets a copy. */
  async lent(): Promise<GivenFiles> {
    return { request: { files: await this.#held() }, transfer: [] }
  }

  /** For the last worker. */
  async given(): Promise<GivenFiles> {
    const files = await this.#held()
    this.drop()
    return { request: { files }, transfer: [...new Set(Object.values(files).map(({ buffer }) => buffer))] }
  }

  /** No worker comes any more. */
  drop(): void {
    this.#files = null
  }

  #held(): Promise<Readonly<Record<string, Uint8Array<ArrayBuffer>>>> {
    if (this.#files === null) throw new Error("the page has given the model's files away")
    return this.#files
  }
}
