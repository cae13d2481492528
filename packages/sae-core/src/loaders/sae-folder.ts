import { object } from '@saeval/hub/checks'
import { circuitTracerPlace } from '../registry/circuit-tracer-place.js'
import { loadCircuitTracer } from './circuit-tracer.js'
import { readConfig } from './config-file.js'
import { crosscoderAt } from './crosscoder.js'
import { gemmaLayerPlace, loadGemmaScope2Layer } from './gemma-scope-2-layers.js'
import type { Loader } from './loader.js'
import { inFolder } from './paths.js'
import { loadSaeLens } from './sae-lens.js'
import type { SaePlace } from './sae-place.js'
import { loadSparsify } from './sparsify.js'

async function isNativeFolder(path: string, place: SaePlace): Promise<boolean> {
  return (await place.textIfPresent(inFolder(path, 'cfg.json'))) !== null
}

/**
 * An SAE that the registry does not know: by its folder's cfg.json SAELens' native format, or sparsify's, whose cfg.json names no hook point; by a
 * layer's name and a config.yaml circuit-tracer's, by that of a layer's file Gemma Scope 2's; by their configurations crosscoders.
 */
export const loadFolder: Loader = async (reference, place) => {
  const layer = circuitTracerPlace(reference.path)
  if (layer !== null) {
    const yaml = await place.textIfPresent(inFolder(layer.folder, 'config.yaml'))
    // a config.yaml of something else may lie above SAELens' own folders
    const isSet = yaml !== null && (/\bmodel_kind\b/.test(yaml) || !(await isNativeFolder(reference.path, place)))
    if (isSet) return loadCircuitTracer(reference, place)
  }
  if (gemmaLayerPlace(reference.path) !== null) return loadGemmaScope2Layer(reference, place)
  const crosscoder = await crosscoderAt(place, reference.path)
  if (crosscoder !== null) return crosscoder(reference, place)
  const { fields } = await readConfig(place, inFolder(reference.path, 'cfg.json'), object)
  const isNative = ['hook_name', 'hook_point', 'metadata', 'architecture'].some((name) => Object.hasOwn(fields, name))
  return isNative ? loadSaeLens(reference, place) : loadSparsify(reference, place)
}
