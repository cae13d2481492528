import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { InputError } from '@saeval/hub'
import { isInside } from '@saeval/hub/internal/repository'
import { cardNames, isCardPath } from './card-file.js'

/**
 * Files of this machine that a card takes in, and where they lie in it: what is below the working folder as it lies there, so that the relative names in CSVs
 * and task files lead to the same; what was named outside of it, in folders of their own.
 */
export class CardInputs {
  /** Path in the card -> file of this machine. */
  readonly files = new Map<string, string>()
  readonly #workingFolder: string
  readonly #outside: string[] = []

  constructor(workingFolder: string) {
    this.#workingFolder = workingFolder
  }

  /** Lets what is below a folder go in, wherever it is. */
  allow(folder: string): void {
    const path = resolve(this.#workingFolder, folder)
    if (this.#isHere(path) || this.#outside.includes(path)) return
    this.#outside.push(path)
  }

  /** Where a path lies in the card. Throws InputError for one that no card can hold; `why` says who names it. */
  place(path: string, why: string): string {
    const full = resolve(this.#workingFolder, path)
    const found = this.#isHere(full)
      ? join(cardNames.files, relative(this.#workingFolder, full))
      : this.#placeOutside(full)
    const place = found?.split(sep).join('/').replace(/\/$/, '')
    if (place !== undefined && isCardPath(place)) return place
    throw new InputError(
      place === undefined
        ? `${why} ${path}, which lies outside of the working folder, and on no other machine; name it by a path below the folder that saeval is called in`
        : `${why} ${path}, a name that not every machine can have; give it another one`,
    )
  }

  /** Takes in a file; gives its path in the card. */
  add(path: string, why: string): string {
    const place = this.place(path, why)
    this.files.set(place, resolve(this.#workingFolder, path))
    return place
  }

  /** Takes in a file that was named by itself, wherever it is. */
  addNamed(path: string, why: string): string {
    this.allow(dirname(resolve(this.#workingFolder, path)))
    return this.add(path, why)
  }

  #isHere(path: string): boolean {
    return path === this.#workingFolder || isInside(this.#workingFolder, path)
  }

  #placeOutside(path: string): string | undefined {
    const number = this.#outside.findIndex((folder) => folder === path || isInside(folder, path))
    if (number < 0) return undefined
    const folder = this.#outside[number]!
    // the folder's own name is part of what SAEs and tasks call it
    return join(cardNames.files, `outside-${number + 1}`, basename(folder), relative(folder, path))
  }
}
