import { shown } from '@saeval/hub/checks'
import type { PickleValue } from '@saeval/sae-core/internal/torch/pickle'
import { openTorchFile } from '@saeval/sae-core/internal/torch/torch-file'
import { TorchTensor } from '@saeval/sae-core/internal/torch/torch-world'
import { located } from '../edits/place-in-file.js'
import { finite, type Numbers } from './one-vector.js'

/** The tensors of an intervention that pyvene saved. */
export interface ReftState {
  has(name: string): boolean
  /** Throws InputError where it is not there or not finite. */
  take(name: string): Promise<Numbers>
}

/** Buffers of every intervention; the configuration says them too. */
const buffers = ['embed_dim', 'interchange_dim']

/**
 * Reads the state dict of an intervention of a kind with what knows its names. Throws InputError for a file that is none, and for tensors that were not
 * taken: they would be left out of the change.
 */
export async function readReftState<Result>(
  path: string,
  kind: string,
  read: (state: ReftState) => Promise<Result>,
): Promise<Result> {
  const wrong = (message: string) => located({ path }, null, message)
  const file = await openTorchFile(path)
  try {
    if (!(file.value instanceof Map)) throw wrong('it is not a state dict')
    const state = file.value as Map<PickleValue, PickleValue>
    const left = new Set([...state.keys()].filter((key) => !buffers.includes(key as string)))
    const result = await read({
      has: (name) => state.get(name) instanceof TorchTensor,
      take: async (name) => {
        const tensor = state.get(name)
        if (!(tensor instanceof TorchTensor)) throw wrong(`it has no tensor ${name}`)
        left.delete(name)
        return { shape: tensor.shape, values: finite(name, await file.numbers(tensor, name), wrong) }
      },
    })
    const [other] = left
    if (other !== undefined)
      throw wrong(`it holds ${shown(typeof other === 'string' ? other : null)}, which a ${kind} does not have`)
    return result
  } finally {
    await file.close()
  }
}
