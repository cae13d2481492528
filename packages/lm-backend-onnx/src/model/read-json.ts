import { readFile } from 'node:fs/promises'
import { checked, jsonObject, objectOf, recordOf, text } from '@saeval/hub/checks'

/** The object in a JSON file of a model. Throws InputError where there is none. */
export async function readModelJson(path: string): Promise<Readonly<Record<string, unknown>>> {
  return jsonObject(path, await readFile(path, 'utf8'), 'download the model again')
}

const schema = objectOf({ weight_map: recordOf(text) })

/** Names of the files that an index of weights names, each once. Throws InputError where it is damaged. */
export async function indexedFiles(path: string): Promise<string[]> {
  return [...new Set(Object.values(checked(path, schema, await readModelJson(path)).weight_map))]
}
