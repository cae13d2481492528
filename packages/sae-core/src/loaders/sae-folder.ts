import { jsonFields } from './fields.js'
import type { Loader } from './loader.js'
import { inFolder } from './paths.js'
import { loadSaeLens } from './sae-lens.js'
import { loadSparsify } from './sparsify.js'

/** A folder with a cfg.json that the registry does not know: SAELens' native format, or sparsify's, whose cfg.json names no hook point. */
export const loadFolder: Loader = async (reference, place) => {
  const path = inFolder(reference.path, 'cfg.json')
  const { values } = jsonFields(`${place.name}/${path}`, await place.text(path))
  const isNative = ['hook_name', 'hook_point', 'metadata', 'architecture'].some((name) => name in values)
  return isNative ? loadSaeLens(reference, place) : loadSparsify(reference, place)
}
