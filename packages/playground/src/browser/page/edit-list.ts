import type { Edit } from '../edit.js'
import type { Latent } from '../protocol.js'
import type { CurrentSetting } from './current-setting.js'
import { editRow } from './edit-rows.js'
import { byId } from './elements.js'
import { hasRoom } from './setting.js'

/** What the page knows of its model: the latents of each SAE, what the SAEs are called, and how many tokens it takes. */
export interface Known {
  readonly latents: readonly (readonly Latent[])[]
  readonly saeNames: readonly string[]
  readonly maxLength: number
}

/** The rows of edits. */
export class EditList {
  readonly #known: Known
  readonly #setting: CurrentSetting
  readonly #say: (line: string) => void

  constructor(known: Known, setting: CurrentSetting, say: (line: string) => void) {
    this.#known = known
    this.#setting = setting
    this.#say = say
  }

  /** Shows the setting's edits anew. */
  show(): void {
    const { latents, saeNames } = this.#known
    const rows = this.#setting.value.edits.map((edit, index) =>
      editRow(
        edit,
        { latent: latents[edit.sae]![edit.latent]!, sae: saeNames[edit.sae]! },
        {
          onChange: (now) => this.#change((edits) => edits.with(index, now)),
          onRemove: () => {
            this.#change((edits) => edits.toSpliced(index, 1))
            this.show()
            focusAfterRemoval(index)
          },
        },
      ),
    )
    byId('edits').replaceChildren(...rows)
  }

  /** Puts a latent among the edits, and the reader on its slider; says why not where it is there or there is no room. */
  add(sae: number, latent: number): void {
    const { value } = this.#setting
    const isThere = value.edits.some((edit) => edit.sae === sae && edit.latent === latent)
    if (isThere || !hasRoom(value)) {
      this.#say(isThere ? 'It is there already.' : 'Take a latent away first: there is room for eight.')
      return
    }
    this.#change((edits) => [...edits, { sae, latent, action: 'add', coefficient: 0 }])
    this.show()
    const sliders = byId('edits').querySelectorAll<HTMLInputElement>('input[type=range]')
    sliders[sliders.length - 1]?.focus()
  }

  /** Says something below each row. */
  note(lines: readonly string[]): void {
    for (const [index, place] of byId('edits').querySelectorAll('.effect').entries()) {
      const line = lines[index] ?? ''
      if (place.textContent !== line) place.textContent = line
    }
  }

  #change(how: (edits: Edit[]) => readonly Edit[]): void {
    this.#setting.change({ edits: how([...this.#setting.value.edits]) })
  }
}

/** Puts the reader on the row that has come in the place of one that is gone, or on the last one; where there is none, on the search. */
function focusAfterRemoval(index: number): void {
  const buttons = [...byId('edits').querySelectorAll<HTMLButtonElement>('.row button')]
  const next = buttons[Math.min(index, buttons.length - 1)] ?? byId('search')
  next.focus()
}
