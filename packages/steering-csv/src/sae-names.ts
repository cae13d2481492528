import { InputError } from '@saeval/hub'
import { findNeuronpedia } from '@saeval/sae-core'
import { checkSaeName, type SaeNameProblem } from '@saeval/sae-core/internal/registry/find-sae'
import { noFolder, releaseBeside } from '@saeval/sae-core/internal/registry/release-folder'
import { mostListed, type Problem } from './problem.js'

/** The SAEs that the rows of one file name, each looked up once. */
export class SaeNames {
  readonly #folder: string | null
  readonly #problems: readonly Problem[]
  readonly #releases = new Map<string, string>()
  readonly #checked = new Map<string, SaeNameProblem | null>()

  /** `folder` as in ParseOptions. Near names are looked for as long as `problems`, which grows, is short enough to be listed whole. */
  constructor(folder: string | null, problems: readonly Problem[]) {
    this.#folder = folder
    this.#problems = problems
  }

  /** The release, by the path of its folder where it lies only beside the file. */
  release(name: string): string {
    if (this.#folder === null) return name
    const known = this.#releases.get(name) ?? releaseBeside(this.#folder, name)
    this.#releases.set(name, known)
    return known
  }

  /** What is wrong with a name as the file has it, or null. */
  problem(release: string, id: string): SaeNameProblem | null {
    if (this.#folder === null) return null
    const key = JSON.stringify([release, id])
    const known = this.#checked.get(key)
    if (known !== undefined) return known
    const found = checkSaeName(this.release(release), id, this.#hints)
    const problem =
      found?.kind === 'unknown_release'
        ? { ...found, message: `${found.message}; ${noFolder(this.#folder, release)}` }
        : found
    this.#checked.set(key, problem)
    return problem
  }

  /** The latent behind a Neuronpedia reference, or why there is none. */
  latent(reference: string): { release: string; id: string; latent: number } | { message: string } {
    try {
      const { sae, latent } = findNeuronpedia(reference, this.#hints)
      return { release: sae.release, id: sae.id, latent }
    } catch (cause) {
      if (InputError.isInstance(cause)) return { message: cause.message }
      throw cause
    }
  }

  get #hints(): boolean {
    return this.#problems.length < mostListed
  }
}
