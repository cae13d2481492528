import { object } from '@saeval/hub/checks'
import { readConfig } from './config-file.js'
import type { Loader } from './loader.js'
import { inFolder } from './paths.js'
import { loadSaeLens } from './sae-lens.js'
import { loadSparsify } from './sparsify.js'

/** A folder with a cfg.json that the registry does not know: SAELens' native format, or sparsify's, whose cfg.json names no hook point. */
export const loadFolder: Loader = async (reference, place) => {
  const { fields } = await readConfig(place, inFolder(reference.path, 'cfg.json'), object)
  const isNative = ['hook_name', 'hook_point', 'metadata', 'architecture'].some((name) => Object.hasOwn(fields, name))
  return isNative ? loadSaeLens(reference, place) : loadSparsify(reference, place)
}
