import { InputError } from '@saeval/hub'
import { partAt, type TensorFile, type TensorPlace, transposed } from '../tensors/tensor-place.js'
import type { SaeArrays } from './loader.js'
import { type SaeArray, stored } from './sae-array.js'

/** The tensors of a weights file by name, with errors that name the file. */
export class StoredTensors {
  readonly #file: TensorFile
  readonly #used = new Set<string>()
  /** What cannot do without them: "a gated SAE". */
  readonly #owner: string

  constructor(file: TensorFile, owner: string) {
    this.#file = file
    this.#owner = owner
  }

  has(name: string): boolean {
    return this.#file.tensors.has(name)
  }

  /** Throws InputError when the file has no such tensor. */
  place(name: string): TensorPlace {
    const place = this.#file.tensors.get(name)
    if (!place) throw new InputError(`${this.#file.name} has no tensor ${name}, which ${this.#owner} needs`)
    this.#used.add(name)
    return place
  }

  array(name: string): SaeArray {
    return stored(this.place(name))
  }

  /** The matrices [b, c] of [a, b, c], or vectors of a matrix: one for each index of the first axis. */
  parts(name: string): SaeArray[] {
    const place = this.place(name)
    return Array.from({ length: this.#deep(place, 2).shape[0]! }, (_, at) => stored(partAt(place, at)))
  }

  /** A tensor of three axes. */
  matrices(name: string): SaeArray {
    return stored(this.#deep(this.place(name), 3))
  }

  #deep(place: TensorPlace, axes: number): TensorPlace {
    if (place.shape.length >= axes) return place
    throw new InputError(`${place.name} has shape [${place.shape}], expected ${axes} axes or more`)
  }

  /** The arrays of a plain SAE under SAELens' names, or another spelling of them. */
  plain(
    spelled = (name: string) => name,
  ): Pick<SaeArrays, 'wEnc' | 'wDec' | 'bDec'> & Required<Pick<SaeArrays, 'bEnc'>> {
    const array = (name: string) => this.array(spelled(name))
    return { wEnc: array('W_enc'), wDec: array('W_dec'), bEnc: array('b_enc'), bDec: array('b_dec') }
  }

  /** A matrix that is stored transposed. */
  transposed(name: string): SaeArray {
    return stored(transposed(this.place(name)))
  }

  /** The first of several names that the file has. */
  oneOf(...names: string[]): SaeArray {
    return this.array(names.find((name) => this.has(name)) ?? names[0]!)
  }

  /** Throws InputError for tensors that nothing has asked for, as SAELens' strict loading does. */
  refuseOthers(): void {
    const other = [...this.#file.tensors.keys()].find((name) => !this.#used.has(name))
    if (other !== undefined)
      throw new InputError(`${this.#file.name} has the tensor ${other}, which ${this.#owner} has no place for`)
  }
}
