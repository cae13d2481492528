import { readFile } from 'node:fs/promises'
import { jsonObject } from './checked.js'

/** The object in a JSON file of a model. Throws InputError where there is none. */
export async function readModelJson(path: string): Promise<Readonly<Record<string, unknown>>> {
  return jsonObject(path, await readFile(path, 'utf8'), 'download the model again')
}
