import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  type HubOptions,
  InputError,
  type Repository,
  repositoryFile,
  repositoryFileIfPresent,
  resolveRepository,
} from '@saeval/hub'
import { indexedFiles } from './read-json.js'

/** The files of one model: a Hugging Face repository at one commit, or a local folder of the same layout. */
export interface ModelFiles {
  readonly name: string
  /** Branch, tag or commit asked for; "main" by default, "" for a folder. */
  readonly revision: string
  /** Commit the files come from; "" for a folder. */
  readonly commit: string
  /** null for a folder. */
  readonly repository: Repository | null
  /** Absolute path of a file; throws InputError when there is none. */
  path(file: string): Promise<string>
  pathIfPresent(file: string): Promise<string | null>
}

/** Opens a model by repository name or folder path. A folder counts as one when it holds a config.json, or an adapter that names its model. */
export function openModelFiles(name: string, revision: string | undefined, hub: HubOptions): Promise<ModelFiles> {
  return openFiles(name, revision, hub, ['config.json', 'adapter_config.json'])
}

/** Opens a repository by name, or a folder that holds one of `masks`. */
export async function openFiles(
  name: string,
  revision: string | undefined,
  hub: HubOptions,
  masks: readonly [string, ...string[]],
): Promise<ModelFiles> {
  if (masks.some((mark) => existsSync(join(name, mark)))) {
    if (revision !== undefined)
      throw new InputError(`${name} is a local folder, so revision=${revision} cannot take effect`)
    return folderFiles(resolve(name), name)
  }
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) {
    throw new InputError(
      `"${name}" is neither a Hugging Face model name (like openai-community/gpt2) nor a folder with ${masks[0]}`,
    )
  }
  const repository = await resolveRepository({
    type: 'model',
    name,
    ...(revision === undefined ? {} : { revision }),
    ...hub,
  })
  return {
    name,
    revision: repository.revision,
    commit: repository.commit,
    repository,
    path: (file) => repositoryFile(repository, file, hub),
    pathIfPresent: (file) => repositoryFileIfPresent(repository, file, hub),
  }
}

function folderFiles(folder: string, name: string): ModelFiles {
  const pathIfPresent = async (file: string) => {
    const path = join(folder, file)
    return existsSync(path) && (await stat(path)).isFile() ? path : null
  }
  return {
    name,
    revision: '',
    commit: '',
    repository: null,
    pathIfPresent,
    path: async (file) => {
      const path = await pathIfPresent(file)
      if (path === null) throw new InputError(`${name} has no ${file}`)
      return path
    },
  }
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
  if (index === null) {
    throw await noSafetensors(files)
  }
  return Promise.all((await indexedFiles(index)).map((name) => files.path(name)))
}
