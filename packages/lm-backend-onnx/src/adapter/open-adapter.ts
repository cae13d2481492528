import { type HubOptions, InputError, type ModelFiles, openFiles } from '@saeval/hub'
import { readModelText } from '@saeval/hub/checks'
import { type Checkpoint, openCheckpoint } from '../weights/checkpoint.js'
import { openModelFiles } from '../weights/weight-files.js'
import { type AdapterConfig, readAdapterConfig } from './adapter-config.js'

/** The file that makes a folder or repository one of an adapter. */
const adapterConfigFile = 'adapter_config.json'

/** A LoRA whose tensors are not read yet. */
export interface Adapter {
  readonly files: ModelFiles
  readonly config: AdapterConfig
  readonly configText: string
  readonly weightsPath: string
  readonly checkpoint: Checkpoint
}

/** A model's own files, and those of the adapter that from_pretrained applies to it. */
export interface AdaptedFiles {
  readonly files: ModelFiles
  readonly adapter: Adapter | null
}

/**
 * The files that `pretrained` means, as transformers' from_pretrained sees them: a folder with an adapter and a whole model is that model
 * with the adapter; a folder or repository with an adapter alone, the model that it names. `peft` is another adapter. Throws InputError where both are given.
 */
export async function openAdapted(
  name: string,
  revision: string | undefined,
  peft: string | undefined,
  hub: HubOptions,
): Promise<AdaptedFiles> {
  const given = await openModelFiles(name, revision, hub)
  const found = await given.pathIfPresent(adapterConfigFile)
  if (found === null) return { files: given, adapter: peft === undefined ? null : await openAdapter(peft, hub) }
  if (peft !== undefined)
    throw new InputError(`${name} has an adapter of its own (${adapterConfigFile}), so peft=${peft} cannot be added`)
  const adapter = await readAdapter(given)
  // transformers takes the weights beside an adapter only from a local folder
  if (given.commit === '' && (await given.pathIfPresent('config.json')) !== null) return { files: given, adapter }
  const { baseModel, file } = adapter.config
  if (baseModel === null)
    throw new InputError(`${file} names no base_model_name_or_path; give the model, and this adapter as peft=`)
  if (baseModel === name) return { files: given, adapter }
  return { files: await openModelFiles(baseModel, undefined, hub), adapter }
}

async function openAdapter(name: string, hub: HubOptions): Promise<Adapter> {
  return readAdapter(await openFiles(name, undefined, hub, [adapterConfigFile]))
}

async function readAdapter(files: ModelFiles): Promise<Adapter> {
  const path = await files.path(adapterConfigFile)
  const configText = await readModelText(path)
  const config = readAdapterConfig(`${files.name}/${adapterConfigFile}`, configText)
  const weightsPath = await files.pathIfPresent('adapter_model.safetensors')
  if (weightsPath === null)
    throw new InputError(
      `${files.name} has no adapter_model.safetensors; adapters stored as .bin must be saved as safetensors first (peft: PeftModel.from_pretrained(…).save_pretrained(…))`,
    )
  return { files, config, configText, weightsPath, checkpoint: await openCheckpoint([weightsPath]) }
}
