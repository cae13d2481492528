import { randomUUID } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, realpath, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { type HubOptions, InputError } from '@saeval/hub'
import type { ModelSpec } from '../spec/model-spec.js'
import { cacheFolder } from '../weights/cache-folder.js'
import { commonFolder, type StoredTensor } from '../weights/checkpoint.js'
import type { QuantizedMatrices, StoredWeights } from '../weights/model-weights.js'
import { neededMatrices } from './needed-matrices.js'
import type { Bits } from './quantize-rows.js'
import { contentKey, type QuantizedContent, readQuantized, writeQuantized } from './quantized-file.js'

/** A model's weights with its matrices in 8 or 4 bits. */
export interface QuantizedWeights {
  readonly stored: StoredWeights
  readonly quantized: QuantizedMatrices
  /** Removes what was made for this run only. */
  dispose(): void
}

export interface QuantizeOptions {
  readonly spec: ModelSpec
  readonly stored: StoredWeights
  readonly bits: Bits
  readonly modelName: string
  /** Whether the file is worth keeping for the next run. */
  readonly keep: boolean
  readonly hub: HubOptions
  readonly notice: (line: string) => void
}

/** Folder of the cache in which files of quantised weights lie. */
export const quantizedFolder = 'quantized-weights'

/**
 * Finds the quantised weights of a model in the cache, or makes them: in the cache, or, where it cannot be written, in a temporary folder
 * for this run. A file appears in the cache whole or not at all; of two processes that make it, the later one replaces equal bytes by
 * equal bytes. A damaged file is made anew.
 */
export async function quantizeWeights(options: QuantizeOptions): Promise<QuantizedWeights> {
  const { spec, stored, bits, modelName, hub, notice } = options
  const matrices = neededMatrices(spec, stored, bits, modelName)
  const content: QuantizedContent = { modelName, bits, matrices, weights: stored }
  const cache = options.keep ? cacheFolder(hub.env) : null
  if (cache !== null) {
    const kept = join(cache, quantizedFolder, fileName(modelName, bits, await contentKey(content)))
    try {
      return await combine(options, kept, await fromCache(kept, content, options), () => {})
    } catch (error) {
      if (!isDiskError(error)) throw error
      notice(
        `${cache} cannot be written (${error.message}): the int${bits} weights of ${modelName} are made for this run only`,
      )
    }
  }
  let remove = () => {}
  try {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'saeval-weights-')))
    const removeAtExit = () => rmSync(folder, { recursive: true, force: true })
    process.once('exit', removeAtExit)
    remove = () => {
      process.removeListener('exit', removeAtExit)
      removeAtExit()
    }
    const path = join(folder, 'weights.safetensors')
    await writeQuantized(path, content, steps(content, hub))
    return await combine(options, path, await tensorsOf(path, content), remove)
  } catch (cause) {
    remove()
    if (!isDiskError(cause)) throw cause
    throw new InputError(
      `the int${bits} weights of ${modelName} cannot be written (${cause.message}); set SAEVAL_CACHE to a folder with room, or choose dtype=auto, which needs no file`,
      { cause },
    )
  }
}

async function fromCache(path: string, content: QuantizedContent, { hub, notice }: QuantizeOptions) {
  if (existsSync(path)) {
    const found = await readQuantized(path, content)
    if ('tensors' in found) return found.tensors
    notice(`${path} is damaged (${found.damage}) and is made anew`)
  }
  await mkdir(dirname(path), { recursive: true })
  const part = `${path}.${randomUUID()}.part`
  notice(
    `making the int${content.bits} weights of ${content.modelName}, once, in ${path} ("saeval cache" lists and clears such files)`,
  )
  try {
    await writeQuantized(part, content, steps(content, hub))
    await rename(part, path)
  } finally {
    await rm(part, { force: true })
  }
  return tensorsOf(path, content)
}

async function tensorsOf(path: string, content: QuantizedContent): Promise<ReadonlyMap<string, StoredTensor>> {
  const written = await readQuantized(path, content)
  if ('tensors' in written) return written.tensors
  throw new Error(`${path} could not be read back: ${written.damage}`)
}

function steps({ modelName, bits }: QuantizedContent, { onProgress, signal }: HubOptions) {
  return {
    signal,
    onProgress: (loaded: number, total: number) =>
      onProgress?.({ repo: modelName, path: `weights in int${bits}`, loaded, total }),
  }
}

/** onnxruntime reads files below one folder: the nearest one above both the checkpoint and the quantised weights. */
async function combine(
  { stored, bits }: QuantizeOptions,
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  dispose: () => void,
): Promise<QuantizedWeights> {
  const own = dirname(await realpath(path))
  const folder = commonFolder(stored.folder, own)
  const below = (from: string) => {
    const way = relative(folder, from)
    if (isAbsolute(way)) throw new InputError(`${own} and ${stored.folder} are on different drives; set SAEVAL_CACHE`)
    return (tensor: StoredTensor) => ({ ...tensor, location: join(way, tensor.location).split(sep).join('/') })
  }
  const original = below(stored.folder)
  const rounded = below(own)
  return {
    stored: {
      ...stored,
      folder,
      tensor: (name) => original(stored.tensor(name)),
      slice: (name, index) => original(stored.slice(name, index)),
      rows: (name, start, end) => original(stored.rows(name, start, end)),
    },
    quantized: {
      bits,
      matrix: ({ weight }) => ({
        codes: rounded(tensors.get(`${weight}.codes`)!),
        scales: rounded(tensors.get(`${weight}.scales`)!),
      }),
    },
    dispose,
  }
}

function fileName(modelName: string, bits: Bits, key: string): string {
  const name = modelName.replace(/[^\w.-]+/g, '--').slice(-80)
  return `${name}.int${bits}.${key}.safetensors`
}

const diskErrors = [
  'EACCES',
  'ENOENT',
  'EPERM',
  'EROFS',
  'ENOSPC',
  'EDQUOT',
  'ENOTDIR',
  'EEXIST',
  'EIO',
  'EFBIG',
  'EMFILE',
]

function isDiskError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && diskErrors.includes((error as NodeJS.ErrnoException).code ?? '')
}
