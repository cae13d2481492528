import { createHash } from 'node:crypto'
import { InputError, openLocalFile, option, sentence } from '@saeval/hub'
import { cut, shown } from '@saeval/hub/checks'
import { openNpy } from '@saeval/sae-core/internal/npz/npy-file'
import { readAll } from '@saeval/sae-core/internal/tensors/read-tensor'
import { located } from '../edits/place-in-file.js'
import { readSteeringBytes } from '../edits/read-steering-file.js'
import { layerModule } from './layer-place.js'
import { type Numbers, oneVector } from './one-vector.js'
import { addition, type ReadVectorsOptions, type SteeredFile } from './steered-entry.js'

/** Reads an .npy file: one vector, added at the layers that the arguments name. */
export async function readNpyVector(path: string, options: ReadVectorsOptions): Promise<SteeredFile> {
  const bytes = await readSteeringBytes('steer_path', path)
  const source = await openLocalFile(path)
  try {
    const place = await openNpy(source)
    return plainFile(path, bytes, [['the array', { shape: place.shape, values: await readAll(place) }]], options)
  } finally {
    await source.close()
  }
}

/**
 * A file of nothing but vectors, which are added: at the places that their names are (a module, a hook point, "12", "layer_12"), or one alone at the
 * layers of the arguments. `ignored` is what else the file has. Throws InputError where neither says a place.
 */
export function plainFile(
  path: string,
  bytes: Uint8Array,
  named: readonly (readonly [name: string, numbers: Numbers])[],
  { layers }: ReadVectorsOptions,
  ignored: readonly string[] = [],
): SteeredFile {
  const [first] = named
  const entries = named.flatMap(([name, numbers]) => {
    const place = { path, entry: cut(name) }
    const vector = oneVector('it', numbers, (message) => located(place, null, message))
    const own = placeOf(name)
    if (own !== null) return [addition(place, own, vector)]
    if (named.length > 1)
      throw located(
        place,
        null,
        `${shown(name)} is no module, hook point or layer, as in layers.12, blocks.12.hook_mlp_out or 12`,
      )
    if (layers === null)
      throw new InputError(
        sentence`${path} does not say where ${first![0]} acts; add layers=N to ${option('modelArgs')}: it is added after layer N, counted from 0`,
      )
    return layers.map((layer) => addition({ ...place, entry: `layer ${layer}` }, layerModule(layer), vector))
  })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { path, sha256, entries, ignored, notices: [], modelType: null }
}

/** The place that a name is; null for another name. */
function placeOf(name: string): string | null {
  const layer = /^(?:(?:layers?|direction)[._])?(\d{1,6})$/.exec(name)
  if (layer !== null) return layerModule(Number(layer[1]))
  return /(?:^|\.)(?:blocks|layers|h)\.\d+(?:\.|$)/.test(name) || name === 'hook_embed' ? name : null
}
