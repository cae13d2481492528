import { acts, type Setting } from './setting.js'

/** What the page shows at the moment, and who is told when that changes. */
export class CurrentSetting {
  readonly #onChange: (setting: Setting) => void
  #value: Setting

  constructor(value: Setting, onChange: (setting: Setting) => void) {
    this.#value = value
    this.#onChange = onChange
  }

  get value(): Setting {
    return this.#value
  }

  /** The edits that change anything. */
  get active(): Setting['edits'] {
    return this.#value.edits.filter(acts)
  }

  change(part: Partial<Setting>): void {
    this.#value = { ...this.#value, ...part }
    this.#onChange(this.#value)
  }
}
