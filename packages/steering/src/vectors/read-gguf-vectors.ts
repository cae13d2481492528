import { createHash } from 'node:crypto'
import { InputError, openLocalFile } from '@saeval/hub'
import { cut, shown } from '@saeval/hub/checks'
import { openGguf } from '@saeval/sae-core/internal/gguf/gguf-file'
import { readAll } from '@saeval/sae-core/internal/tensors/read-tensor'
import { located } from '../edits/place-in-file.js'
import { readSteeringBytes } from '../edits/read-steering-file.js'
import { layerModule } from './layer-place.js'
import { oneVector } from './one-vector.js'
import { addition, type SteeredFile } from './steered-entry.js'

const direction = /^direction\.(\d{1,6})$/

/**
 * Reads a GGUF control vector of repeng, llama.cpp or EasySteer: direction.N is added to the output of layer N, counted from 0, at every token.
 * (repeng's ControlModule wraps layers[N]; llama.cpp's build_cvec adds it to l_out of block N, and takes no direction.0.)
 */
export async function readGgufVectors(path: string): Promise<SteeredFile> {
  const bytes = await readSteeringBytes('steer_path', path)
  const source = await openLocalFile(path)
  try {
    const { metadata, tensors } = await openGguf(source)
    const architecture = metadata.get('general.architecture')
    if (architecture !== 'controlvector')
      throw new InputError(
        `${path} is no control vector: its general.architecture is ${shown(architecture)}, expected "controlvector"`,
      )
    refuseTwins(path, [...tensors.keys()])
    const entries: [layer: number, ReturnType<typeof addition>][] = []
    for (const [name, tensor] of tensors) {
      const found = direction.exec(name)
      if (found === null) throw new InputError(`${path} holds ${shown(name)}, which is no direction.N of a layer N`)
      const layer = Number(found[1])
      const place = { path, entry: cut(name) }
      const wrong = (message: string) => located(place, null, message)
      if (tensor.shape.length !== 1) throw wrong(`it has shape [${tensor.shape}], expected one vector`)
      const numbers = { shape: tensor.shape, values: await readAll(tensor) }
      entries.push([layer, { ...addition(place, layerModule(layer), oneVector('it', numbers, wrong)), origin: name }])
    }
    if (entries.length === 0) throw new InputError(`${path} holds no direction of any layer`)
    const count = metadata.get('controlvector.layer_count')
    const hint = metadata.get('controlvector.model_hint')
    return {
      path,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      entries: entries.sort(([a], [b]) => a - b).map(([, entry]) => entry),
      ignored: [],
      notices:
        typeof count === 'number' && count !== entries.length
          ? [`${path}: controlvector.layer_count says ${count}, but it has ${entries.length} directions`]
          : [],
      // EasySteer writes "unknown" where it was not told
      modelType: typeof hint === 'string' && hint !== '' && hint !== 'unknown' ? hint : null,
    }
  } finally {
    await source.close()
  }
}

/** Throws InputError for two names of one layer, such as direction.1 and direction.01: both would act. */
function refuseTwins(path: string, names: readonly string[]): void {
  const seen = new Map<number, string>()
  for (const name of names) {
    const layer = Number(direction.exec(name)?.[1])
    const other = seen.get(layer)
    if (other !== undefined && !Number.isNaN(layer))
      throw new InputError(
        `${path} holds ${shown(other)} and ${shown(name)}, two directions of layer ${layer}; leave one out`,
      )
    seen.set(layer, name)
  }
}
