import { relative, resolve, sep } from 'node:path'
import type { ModelFiles } from '@saeval/hub'
import type { ModelFile } from '@saeval/language-model'
import { tokenizerFilesOf } from '@saeval/tokenizer/internal/open-tokenizer'
import type { Adapter } from '../adapter/open-adapter.js'
import { weightFiles } from '../weights/weight-files.js'

/** Files of a model beside its weights and tokenizer that decide its answers, where it has them. */
const settings = ['config.json', 'generation_config.json']

/** The files that decide a model's answers: its own, its tokenizer's (`texts`) and its adapter's; each once. `weights` are those of its own that are no safetensors. */
export async function filesOfModel(
  files: ModelFiles,
  texts: ModelFiles,
  adapter: Adapter | null,
  weights: readonly string[] | null = null,
): Promise<readonly ModelFile[]> {
  const own = [
    ...(await present(files, settings)),
    ...(weights ?? [...(await present(files, ['model.safetensors.index.json'])), ...(await weightFiles(files))]),
  ]
  const ofTokenizer = Object.values(await tokenizerFilesOf(texts)).filter((path) => path !== null)
  const ofAdapter = adapter === null ? [] : await present(adapter.files, ['adapter_config.json'])
  const all = [
    ...own.map((file) => fileOf(files, file)),
    ...ofTokenizer.map((file) => fileOf(texts, file)),
    ...(adapter === null ? [] : [...ofAdapter, adapter.weightsPath].map((file) => fileOf(adapter.files, file))),
  ]
  return [...new Map(all.map((file) => [file.file, file])).values()]
}

async function present(files: ModelFiles, names: readonly string[]): Promise<string[]> {
  const paths = await Promise.all(names.map((name) => files.pathIfPresent(name)))
  return paths.filter((path) => path !== null)
}

function fileOf({ name, commit, repository }: ModelFiles, file: string): ModelFile {
  const root = repository === null ? resolve(name) : repository.snapshotFolder
  return { place: name, commit, path: relative(root, file).split(sep).join('/'), file }
}
