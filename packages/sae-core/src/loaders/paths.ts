import { InputError } from '@saeval/hub'

/** A file in an SAE's folder, which may be the root (""). */
export function inFolder(folder: string, file: string): string {
  return folder === '' ? file : `${folder}/${file}`
}

/** The layer in a name such as "layer_12/width_16k"; throws InputError when the pattern's first group finds none. */
export function layerOf(name: string, pattern: RegExp): number {
  const layer = pattern.exec(name)?.[1]
  if (layer === undefined) throw new InputError(`${name} names no layer`)
  return Number(layer)
}

/** Throws InputError where layers do not rise: edits at the first come before those at the others. */
export function checkRising(file: string, layers: readonly number[]): void {
  if (layers.some((layer, at) => at > 0 && layer <= layers[at - 1]!))
    throw new InputError(`${file}: layers ${layers.join(', ')} are not in rising order`)
}
