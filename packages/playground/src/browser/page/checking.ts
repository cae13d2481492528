import type { Parts, RowEffect } from '../protocol.js'
import type { CurrentSetting } from './current-setting.js'
import type { EditList } from './edit-list.js'
import { byId } from './elements.js'
import { acts } from './setting.js'
import { inWords, type WorkerClient } from './worker-client.js'

/** What stands below a row; nothing where it acts. */
const words: Readonly<Record<RowEffect, string>> = {
  acts: '',
  silent: 'Silent on a test sentence: this acts only where the latent is active.',
  inert: 'This changes nothing.',
}

/** What `saeval run` would say of the edits before it asks anything: each row's effect stands beside its slider, what it refuses below them. */
export class Checking {
  readonly #worker: WorkerClient
  readonly #setting: CurrentSetting
  readonly #edits: EditList
  #newest = 0
  #last: { readonly problem: string | null } | null = null

  constructor(worker: WorkerClient, setting: CurrentSetting, edits: EditList) {
    this.#worker = worker
    this.#setting = setting
    this.#edits = edits
  }

  /** The setting has changed: what is said is of another one. */
  wait(): void {
    this.#newest++
    this.#last = null
    this.#show([], null)
  }

  /** Checks the setting, once; resolves to why `saeval run` would refuse it, null where it would not or a newer setting ends this. */
  async check(): Promise<string | null> {
    const edits = this.#setting.active
    if (edits.length === 0) return null
    if (this.#last !== null) return this.#last.problem
    const mine = ++this.#newest
    let found: Parts['check'] | null = null
    const failed = await this.#worker.ask('check', { edits }, (part) => {
      found = part
    })
    if (mine !== this.#newest) return null
    const { rows, problem } = (found as Parts['check'] | null) ?? { rows: [], problem: failed && inWords(failed) }
    // one that a text has ended is made again after it
    if (found !== null) this.#last = { problem }
    this.#show(rows, problem)
    return problem
  }

  #show(rows: readonly RowEffect[], problem: string | null): void {
    let next = 0
    this.#edits.note(this.#setting.value.edits.map((edit) => (acts(edit) ? words[rows[next++] ?? 'acts'] : '')))
    const line = problem === null ? '' : `saeval run would refuse this: ${problem}`
    const place = byId('checked')
    if (place.textContent !== line) place.textContent = line
  }
}
