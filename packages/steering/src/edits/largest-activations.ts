import { InputError } from '@saeval/hub'
import { dirname, exists, resolve } from '@saeval/hub/internal/disk'
import type { SaeFile } from '@saeval/sae-core'
import { isListedRelease } from '@saeval/sae-core/internal/registry/find-sae'
import { releaseBeside } from '@saeval/sae-core/internal/registry/release-folder'
import type { SaeSteeredRow } from '@saeval/steering-csv'
import { type Feature, largestLine, tellsOf } from './features-file.js'
import type { OpenRow } from './open-edits.js'

type NamedSae = Pick<SaeSteeredRow, 'sae_release' | 'sae_id'>

/** The largest activations of a features file, for rows of a steering CSV that read it. */
export class LargestActivations {
  readonly #features: readonly Feature[]
  readonly #folders: readonly string[]
  readonly #places = new Map<string, string>()
  /** One name of each SAE of the rows. */
  readonly #named = new Map<string, NamedSae>()

  /** `csvPath` is the CSV's: releases that are folders may lie beside it or beside the features file. */
  constructor(
    { path, features }: { readonly path: string; readonly features: readonly Feature[] },
    csvPath: string,
    rows: readonly OpenRow[],
  ) {
    this.#folders = [dirname(csvPath), dirname(path)]
    const isNamed = features.some(({ saeRelease }) => saeRelease !== null)
    this.#features = isNamed
      ? features.map((line) =>
          line.saeRelease === null ? line : { ...line, saeRelease: this.#placeOf(line.saeRelease) },
        )
      : features
    for (const { row, edit } of rows) this.#named.set(edit.sae.key, row)
  }

  /**
   * That of one of a row's latents; null where the file does not have it. Throws InputError where two lines tell different ones, and for a line that could
   * be about more than one of the rows' SAEs.
   */
  of({ sae_release: release, sae_id: id }: NamedSae, { key }: SaeFile, latent: number): number | null {
    const line = largestLine(this.#features, this.#placeOf(release), id, latent)
    if (line === null) return null
    for (const [other, named] of this.#named)
      if (other !== key && tellsOf(line, this.#placeOf(named.sae_release), named.sae_id))
        throw new InputError(
          `${line.place} does not say of which SAE latent ${latent} is, and the rows are of ${release} ${id} and of ${named.sae_release} ${named.sae_id}; give the line a sae_release and a sae_id`,
        )
    return line.maxActivation
  }

  /** A release that is a folder by its path, so that it is the same however it is written. */
  #placeOf(release: string): string {
    const known = this.#places.get(release)
    if (known !== undefined) return known
    const found = this.#folders.map((folder) => releaseBeside(folder, release)).find((name) => exists(name))
    const place = found === undefined || isListedRelease(release) ? release : resolve(found)
    this.#places.set(release, place)
    return place
  }
}
