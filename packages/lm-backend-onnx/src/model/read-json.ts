import { checked, objectOf, readModelJson, recordOf, text } from '@saeval/hub/checks'

const schema = objectOf({ weight_map: recordOf(text) })

/** Names of the files that an index of weights names, each once. Throws InputError where it is damaged. */
export async function indexedFiles(path: string): Promise<string[]> {
  return [...new Set(Object.values(checked(path, schema, await readModelJson(path)).weight_map))]
}
