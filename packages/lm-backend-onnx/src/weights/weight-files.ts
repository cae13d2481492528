import { type HubOptions, InputError, type ModelFiles, openFiles } from '@saeval/hub'
import { checked, objectOf, readModelJson, recordOf, text } from '@saeval/hub/checks'
import * as v from 'valibot'

/** Opens a model by repository name or folder path. A folder counts as one when it holds a config.json, or an adapter that names its model. */
export function openModelFiles(name: string, revision: string | undefined, hub: HubOptions): Promise<ModelFiles> {
  return openFiles(name, revision, hub, ['config.json', 'adapter_config.json'])
}

/** Names of weights in torch's own format, which unpickling reads. */
const torchFiles = ['pytorch_model.bin', 'pytorch_model.bin.index.json']

async function noSafetensors(files: ModelFiles): Promise<InputError> {
  const { name } = files
  for (const file of torchFiles) {
    if ((await files.pathIfPresent(file)) === null) continue
    const copy = `${name.split(/[/\\]/).at(-1)}-safetensors`
    const command = `python -c "import transformers as t; [c.from_pretrained('${name}').save_pretrained('${copy}') for c in (t.AutoModelForCausalLM, t.AutoTokenizer)]"`
    return new InputError(
      `${name} has its weights as ${file} only; write them as safetensors once: ${command}, and give ${copy} as the model`,
    )
  }
  return new InputError(`${name} has neither model.safetensors nor model.safetensors.index.json`)
}

/** Paths of the model's safetensors files: one, or those that model.safetensors.index.json names. */
export async function weightFiles(files: ModelFiles): Promise<string[]> {
  const single = await files.pathIfPresent('model.safetensors')
  if (single !== null) return [single]
  const index = await files.pathIfPresent('model.safetensors.index.json')
  if (index === null) throw await noSafetensors(files)
  return Promise.all((await indexedFiles(index)).map((name) => files.path(name)))
}

// a name that leads out of the model's folder is none of its files
const inside = v.pipe(text, v.regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\\:]{1,300}$/s, 'the name of a file of the model'))
const indexSchema = objectOf({ weight_map: recordOf(inside) })

/** Names of the files that an index of weights names, each once. Throws InputError where it is damaged. */
export async function indexedFiles(path: string): Promise<string[]> {
  return [...new Set(Object.values(checked(path, indexSchema, await readModelJson(path)).weight_map))]
}
