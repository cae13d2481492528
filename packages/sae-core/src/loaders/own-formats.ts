import { ownFormatNames } from '../registry/own-format-names.js'
import { loaders } from './formats.js'
import type { Loader } from './loader.js'
import type { SaePlace } from './sae-place.js'

/** A format of one's own, for SAEs in folders and repositories that SAELens' registry does not list. */
export interface SaeFormat {
  /** Whether the SAE at `path` ("" for the root) is in this format: looks for a file that only this format has. */
  recognises(place: SaePlace, path: string): Promise<boolean>
  /** Reads it. `reference.path` is the path. Throws InputError for files that are damaged. */
  readonly load: Loader
}

const registered = new Map<string, SaeFormat>()

/** Makes a format known, which is tried before SAELens' native one and sparsify's. Throws Error for a name that is there. */
export function registerSaeLoader(name: string, format: SaeFormat): void {
  if (Object.hasOwn(loaders, name) || registered.has(name))
    throw new Error(`SAE loader "${name}" is registered already`)
  if (typeof format?.recognises !== 'function' || typeof format.load !== 'function')
    throw new Error(`SAE loader "${name}" lacks recognises or load: registerSaeLoader takes { recognises, load }`)
  registered.set(name, format)
  ownFormatNames.add(name)
}

/** Names of all SAE formats, SAELens' for those that it has. */
export function saeFormats(): string[] {
  return [...Object.keys(loaders), ...registered.keys()].sort()
}

/** The loader of a name. Of `folder`, which is no format, that of the first format of one's own that recognises the files, if one does. */
export async function loaderOf(name: string, place: SaePlace, path: string): Promise<Loader | undefined> {
  if (name === 'folder')
    for (const format of registered.values())
      if (await format.recognises(place, path)) return (reference, files) => format.load(reference, files)
  return Object.hasOwn(loaders, name) ? loaders[name] : undefined
}
