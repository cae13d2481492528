import type { Said } from '@saeval/hub'
import type { SteeredEntry, SteeredFile } from '../steered-entry.js'

/** A format that vectors can be written in. */
export interface VectorWriter {
  /** Its name among those of `vectorFormats`. */
  readonly name: string
  /** Ends of the names of its files; none of a folder. */
  readonly ends: readonly string[]
  /** Why it cannot hold an entry; null where it can. */
  readonly refuses: (entry: SteeredEntry) => string | null
  /** What of the file as a whole it cannot hold; null where it holds all. */
  readonly refusesFile?: (file: SteeredFile) => Said | null
  /** What it leaves out that whoever uses the file must say again, a line each. */
  readonly leaves: (file: SteeredFile) => readonly string[]
  /** Of a folder its files by their names. */
  readonly bytes: (file: SteeredFile) => Uint8Array | ReadonlyMap<string, Uint8Array>
}

/** Why a format that only has vectors to add at every token cannot hold an entry. */
export function refusesAllButAdditions(entry: SteeredEntry): string | null {
  const { change, head } = entry
  if (change.action !== 'add') return `${entry.record.action}: it holds vectors that are added`
  if (head !== null) return `head ${head}: it holds vectors of whole activations`
  return refusesPlaces(entry)
}

/** Why a format that acts everywhere and changes lengths freely cannot hold an entry. */
export function refusesPlaces({ keepsNorm, positions }: SteeredEntry): string | null {
  if (keepsNorm) return 'normalize: it does not keep the length of activations'
  return positions ? 'the tokens at which it acts: it acts at every token' : null
}

/** Why a format of lm_eval's edits of modules cannot hold an entry. */
export function refusesAllButModuleEdits(entry: SteeredEntry): string | null {
  const { action } = entry.change
  return action === 'add' || action === 'project_clamp'
    ? refusesPlaces(entry)
    : `${entry.record.action}: it holds add and clamp`
}

/** Why a format with one edit of each place cannot hold a file. */
export function refusesSecondEdits(placeOf: (entry: SteeredEntry) => string): (file: SteeredFile) => string | null {
  return ({ entries }) => {
    const places = entries.map(placeOf)
    const twice = places.find((place, index) => places.indexOf(place) !== index)
    return twice === undefined ? null : `${twice} twice: it has one edit of each place`
  }
}

/** c v as it is added, in float32. */
export function added({ change }: SteeredEntry): Float32Array {
  if (change.action !== 'add') throw new Error(`${change.action} adds no vector`)
  return change.coefficient === 1 ? change.vector : change.vector.map((value) => change.coefficient * value)
}

/** The bytes of float32 numbers, little-endian. */
export function floatBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice()
}
