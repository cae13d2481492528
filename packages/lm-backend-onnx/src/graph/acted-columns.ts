import type { FromEdit } from '@saeval/sae-core'

/** Where a graph's counts of the tokens at which edits act hold one part of an edit. */
export interface ActedColumn {
  /** See FromEdit. */
  readonly edit: number
  /** Column of the output `acted`; null for a vector of zeros, which acts nowhere. */
  readonly column: number | null
}

/** A part and its place among those that are counted together. */
export interface CountedPart extends FromEdit {
  readonly at: number
  /** What an addition adds. */
  readonly vector?: Float32Array
}

/** Numbers the columns of the output `acted` as they are packed; has a list of them for each setting. */
export class ActedColumns {
  readonly #settings: ActedColumn[][]
  #width = 0

  constructor(settings: number) {
    this.#settings = Array.from({ length: settings }, () => [])
  }

  /** The next `count` columns: parts of each setting. */
  append(settings: readonly (readonly CountedPart[])[], count: number): void {
    settings.forEach((parts, setting) => {
      for (const { edit, at, vector } of parts) {
        if (edit === undefined) continue
        const isNothing = vector?.every((value) => value === 0) ?? false
        this.#settings[setting]!.push({ edit, column: isNothing ? null : this.#width + at })
      }
    })
    this.#width += count
  }

  settings(): readonly (readonly ActedColumn[])[] {
    return this.#settings
  }
}
