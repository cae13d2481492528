import type { ShownToken } from '../protocol.js'
import type { CurrentSetting } from './current-setting.js'
import type { EditList, Known } from './edit-list.js'
import { latentName } from './edit-rows.js'
import { byId } from './elements.js'
import { sayCut, sayNotActive, showActive, showNext, showText } from './texts.js'
import { inWords, type WorkerClient } from './worker-client.js'

/** The texts and the table of next tokens, renewed with every change. */
export class Writing {
  readonly #worker: WorkerClient
  readonly #known: Known
  readonly #setting: CurrentSetting
  readonly #edits: EditList
  readonly #onFirst: () => void
  #hasText = false
  #isPrepared = false
  #newest = 0
  /** Ends when what is being written has shown something. */
  #showing: Promise<void> | null = null

  /** `onFirst` is called when there is a text for the first time. */
  constructor(worker: WorkerClient, known: Known, setting: CurrentSetting, edits: EditList, onFirst: () => void) {
    this.#worker = worker
    this.#known = known
    this.#setting = setting
    this.#edits = edits
    this.#onFirst = onFirst
  }

  /**
   * Writes both texts under the setting; resolves to a sentence where that cannot be done. A newer setting ends it (undefined), but not before it has shown something: a
   * slider that moves on and on would see nothing else. Of those that wait meanwhile only the newest is written.
   */
  async write(): Promise<string | null | undefined> {
    const mine = ++this.#newest
    while (this.#showing !== null) await this.#showing
    if (mine !== this.#newest) return undefined
    let shown = () => {}
    this.#showing = new Promise((resolve) => {
      shown = () => {
        this.#showing = null
        resolve()
      }
    })
    const most = this.#mostOfFirst()
    const steered = byId('steered')
    steered.ariaBusy = 'true'
    const { prompt, edits: room } = this.#setting.value
    const problem = await this.#worker.ask('write', { prompt, edits: this.#setting.active, room }, (part) => {
      shown()
      if ('next' in part) {
        showNext(part.next)
        return
      }
      const { ids } = part.text
      sayCut(part.text, this.#known.maxLength)
      showText(part.text, most, (index, token) => void this.#look(ids, index, token))
      if (this.#hasText || part.text.tokens.length === 0) return
      this.#hasText = true
      this.#onFirst()
    })
    shown()
    if (mine !== this.#newest) return undefined
    steered.ariaBusy = 'false'
    if (problem === null) void this.#prepare()
    return problem === null ? null : inWords(problem)
  }

  /** Opens ahead what texts under the page's edits will need, when nothing else is to be done: again after a text that has ended it. */
  async #prepare(): Promise<void> {
    if (this.#isPrepared) return
    const { edits } = this.#setting.value
    await this.#worker.ask('prepareEdits', { edits }, () => {
      this.#isPrepared = true
    })
  }

  /** Shows what is active on a token of a text; nothing where another one was chosen meanwhile. */
  async #look(ids: readonly number[], index: number, shown: ShownToken): Promise<void> {
    const { latents, saeNames } = this.#known
    const nameOf = (sae: number, latent: number) => `${latentName(latents[sae]![latent]!)} (${saeNames[sae]})`
    const problem = await this.#worker.ask('look', { ids, index }, ({ active }) =>
      showActive({ active, shown }, nameOf, (sae, latent) => this.#edits.add(sae, latent)),
    )
    if (problem !== null) sayNotActive(inWords(problem))
  }

  /** The activation that is shown as the strongest colour. */
  #mostOfFirst(): number {
    const [edit] = this.#setting.active
    return (edit && this.#known.latents[edit.sae]?.[edit.latent]?.maxActivation) || 20
  }
}
