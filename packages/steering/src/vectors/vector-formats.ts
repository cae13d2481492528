import { statSync } from 'node:fs'
import { extname } from 'node:path'
import { InputError } from '@saeval/hub'
import { readSteeringBytes } from '../edits/read-steering-file.js'
import { isEasySteerFile, readEasySteer } from './read-easysteer.js'
import { readGgufVectors } from './read-gguf-vectors.js'
import { isLensFile, readLensVectors } from './read-lens-vectors.js'
import { isNeuronpediaFile, readNeuronpedia } from './read-neuronpedia.js'
import { readNpyVector } from './read-plain-vectors.js'
import { isReftFolder, readReftFolder } from './read-reft-folder.js'
import { openSteeredCsv } from './read-steered-csv.js'
import { readSteeredSafetensors, readSteeredTorch } from './read-steered-vectors.js'
import type { ReadVectorsOptions, SteeredFile } from './steered-entry.js'

/** A format of steering vectors: what tables say of it, and how it is read. */
export interface VectorFormat {
  /** Its name in tables. */
  readonly name: string
  /** Ends of the names of its files; "folder" for one that is a folder. */
  readonly files: readonly string[]
  /** Programs that write it. */
  readonly writtenBy: string
  /** What it does to the activation h at the place that it names. */
  readonly does: string
  readonly read: (path: string, options: ReadVectorsOptions) => Promise<SteeredFile>
}

/** A format of JSON files, known by what is in them. */
interface JsonFormat extends Omit<VectorFormat, 'read'> {
  readonly isOf: (content: unknown) => boolean
  readonly readContent: (
    path: string,
    bytes: Uint8Array,
    content: unknown,
    options: ReadVectorsOptions,
  ) => SteeredFile | Promise<SteeredFile>
}

const jsonFormats: readonly JsonFormat[] = [
  {
    name: 'vllm-lens',
    files: ['.json'],
    writtenBy: 'vllm-lens (`SteeringVector.model_dump`)',
    does: 'h + scale v; with `norm_match` h + scale \\|h\\| v / \\|v\\|; everywhere or at single positions',
    isOf: isLensFile,
    readContent: readLensVectors,
  },
  {
    name: 'EasySteer',
    files: ['.json'],
    writtenBy: 'EasySteer (`SteeringSpec`)',
    does: '`direct`, `linear`, `loreft`, `lm_steer`, `erase`, `replace`, `concept_replace`, `normalize`, each where its `apply` says',
    isOf: isEasySteerFile,
    readContent: readEasySteer,
  },
  {
    name: 'Neuronpedia',
    files: ['.json'],
    writtenBy: 'requests of Neuronpedia (`/api/steer`), its vectors',
    does: 'features or hook vectors: `SIMPLE_ADDITIVE`, `ORTHOGONAL_DECOMP`, `PROJECTION_CAP`',
    isOf: isNeuronpediaFile,
    readContent: readNeuronpedia,
  },
]

/** All formats that `--model steered` takes, in the order of tables. */
export const vectorFormats: readonly VectorFormat[] = [
  {
    name: 'steering CSV',
    files: ['.csv'],
    writtenBy: 'by hand, for lm_eval',
    does: 'h + c v, v a decoder row; `clamp`: its projection on v is c',
    read: openSteeredCsv,
  },
  {
    name: 'torch',
    files: ['.pt', '.pth'],
    writtenBy: 'lm_eval; torch.save of one tensor',
    does: 'the same with vectors, in one head too; a bare tensor: h + v',
    read: readSteeredTorch,
  },
  {
    name: 'safetensors',
    files: ['.safetensors'],
    writtenBy: 'safetensors, `saeval vectors`',
    does: 'the same; tensors that are named by their places: h + v',
    read: readSteeredSafetensors,
  },
  {
    name: 'numpy',
    files: ['.npy'],
    writtenBy: 'numpy.save',
    does: 'h + v, at the layers of the argument `layers`',
    read: readNpyVector,
  },
  {
    name: 'GGUF control vector',
    files: ['.gguf'],
    writtenBy: 'repeng, llama.cpp, EasySteer',
    does: 'h + `direction.N`, h the output of layer N from 0',
    read: readGgufVectors,
  },
  ...jsonFormats.map((format) => ({ ...format, read: readJson })),
  {
    name: 'pyreft',
    files: ['folder'],
    writtenBy: 'pyreft (`ReftModel.save`)',
    does: 'LoReFT, h + Rᵀ(W h + b − R h), and its other interventions; additions and constants of pyvene',
    read: readReftFolder,
  },
]

/** Reads a file or folder of steering vectors, of whichever format. Throws InputError where none reads it, naming all, and where it holds none. */
export async function readVectors(path: string, options: ReadVectorsOptions): Promise<SteeredFile> {
  const end = isFolder(path) ? 'folder' : extname(path).toLowerCase()
  const format = vectorFormats.find(({ files }) => files.includes(end))
  if (end === 'folder' && !isReftFolder(path))
    throw new InputError(`steer_path ${path} is a folder without the config.json of a pyreft model`)
  if (format !== undefined) {
    const file = await format.read(path, options)
    // without entries the model would run unsteered
    if (file.entries.length > 0) return file
    throw new InputError(`${path} holds no vector`)
  }
  throw new InputError(`steer_path ${path} ends in none of ${fileEnds().join(', ')}, and is no folder of pyreft`)
}

/** Ends of the names of all files of vectors. */
export function fileEnds(): readonly string[] {
  return [...new Set(vectorFormats.flatMap(({ files }) => files))].filter((end) => end !== 'folder')
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

async function readJson(path: string, options: ReadVectorsOptions): Promise<SteeredFile> {
  const bytes = await readSteeringBytes('steer_path', path)
  let content: unknown
  try {
    content = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new InputError(`${path} is not valid JSON`, { cause })
  }
  const format = jsonFormats.find(({ isOf }) => isOf(content))
  if (format === undefined)
    throw new InputError(
      `${path} is a JSON file of none of ${jsonFormats.map(({ writtenBy }) => writtenBy).join(', ')}`,
    )
  return format.readContent(path, bytes, content, options)
}
