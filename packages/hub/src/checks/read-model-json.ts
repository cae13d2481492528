import { fileState, readText } from '#disk'
import { InputError } from '../input-error.js'
import { jsonObject } from './checked.js'

/** Bytes. The largest tokenizers take half of it; what is parsed may take many times as much memory. */
const largest = 2 ** 26

/** The text of a JSON file of a model. Throws InputError where it is larger than any model's. */
export async function readModelText(path: string): Promise<string> {
  const { size } = await fileState(path)
  if (size > largest) throw new InputError(`${path} has ${size} bytes, expected at most ${largest}; download it again`)
  return readText(path)
}

/** The object in a JSON file of a model. Throws InputError where there is none. */
export async function readModelJson(path: string): Promise<Readonly<Record<string, unknown>>> {
  return jsonObject(path, await readModelText(path), 'download the model again')
}
