import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type HubOptions, InputError, listRepositoryFiles, type ModelFiles, option, sentence } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'

/** A file of a model, and its bytes where they are known. */
interface Listed {
  readonly path: string
  readonly size: number | null
}

/** An ONNX file that is a model, and how much of it is not in the cache. */
export interface ChosenFile {
  readonly path: string
  /** Other files that could be it. */
  readonly others: readonly string[]
  readonly bytesMissing: number
  /** Bytes of a file that is not in the cache and not counted there: weights under another name; null for all others. */
  missing(path: string): number | null
}

const safetensors = ['model.safetensors', 'model.safetensors.index.json']
/** In order of preference: all numbers in float32. */
const plain = ['model.onnx', 'decoder_model_merged.onnx', 'decoder_model.onnx']
/** Parts of models that are no decoder of a prompt by themselves. */
const parts = /(^|\/)(encoder|decoder_with_past|embed|vision|audio|text_encoder)[^/]*\.onnx$/

/**
 * The ONNX file that a model of a folder or repository is computed from: `wanted`, or where there are no safetensors the one in float32. null for a
 * model of safetensors. Throws InputError where several files could be it.
 */
export async function chooseFile(
  files: ModelFiles,
  wanted: string | undefined,
  hub: HubOptions,
): Promise<ChosenFile | null> {
  const { name, repository } = files
  const isThere = (path: string) => repository === null || existsSync(join(repository.snapshotFolder, path))
  if (wanted === undefined && repository !== null && safetensors.some(isThere)) return null
  const listed = repository === null ? await listFolder(files) : await listRepositoryFiles(repository, hub)
  const graphs = listed.map(({ path }) => path).filter((path) => path.endsWith('.onnx'))
  const absent = listed.filter((file) => !isThere(file.path))
  const chosen = (path: string): ChosenFile => ({
    path,
    others: graphs.filter((other) => other !== path && !parts.test(other)),
    bytesMissing: absent.filter((file) => isPartOf(file.path, path)).reduce((sum, { size }) => sum + (size ?? 0), 0),
    missing: (other) => {
      const file = absent.find((file) => file.path === other && !isPartOf(other, path))
      return file === undefined ? null : (file.size ?? 0)
    },
  })
  if (wanted !== undefined) {
    if (graphs.includes(wanted)) return chosen(wanted)
    throw new InputError(
      sentence`${option('modelArgs')}: onnx_file=${wanted}: ${name} has no such file; its ONNX files: ${graphs.join(', ') || 'none'}`,
    )
  }
  if (listed.some(({ path }) => safetensors.includes(path))) return null
  const candidates = graphs.filter((path) => !parts.test(path))
  const best = plain.flatMap((file) => candidates.filter((path) => path === file || path === `onnx/${file}`))[0]
  if (best !== undefined) return chosen(best)
  if (candidates.length === 1) return chosen(candidates[0]!)
  if (candidates.length === 0 && graphs.length === 0) return null
  if (candidates.length === 0)
    throw new InputError(`${name} has no decoder among its ONNX files (${graphs.join(', ')}); saeval runs decoders`)
  throw new InputError(
    sentence`${name} has ${candidates.length} ONNX files and none named ${plain[0]!}; choose one in ${option('modelArgs')}: onnx_file=… (${candidates.join(', ')})`,
  )
}

/** Whether a file is a graph, or holds its weights: model.onnx_data, model.onnx.data, model.onnx_data_1. */
function isPartOf(file: string, graph: string): boolean {
  const stem = graph.slice(0, -'.onnx'.length)
  return file === graph || (file.startsWith(stem) && /^\.onnx[._]data/.test(file.slice(stem.length)))
}

async function listFolder(files: ModelFiles): Promise<Listed[]> {
  const config = await files.pathIfPresent('config.json')
  if (config === null) return []
  const folder = config.slice(0, -'config.json'.length)
  const namesIn = (path: string): Promise<string[]> => readdir(path).catch(() => [])
  const [names, inside] = [await namesIn(folder), await namesIn(join(folder, 'onnx'))]
  return [...names, ...inside.map((name) => `onnx/${name}`)].sort().map((path) => ({ path, size: null }))
}

/** A line about a choice among several files; null where there was none. */
export function choiceLine(name: string, { path, others }: ChosenFile): string | null {
  if (others.length === 0) return null
  return `${name}: computed from ${path}; onnx_file=… chooses another of its ONNX files: ${shown(others.join(', '))}`
}
