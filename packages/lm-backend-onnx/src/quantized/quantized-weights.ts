import type { HubOptions, Notice } from '@saeval/hub'
import type { ModelSpec } from '../spec/model-spec.js'
import { besideWeights, derivedFile } from '../weights/derived-file.js'
import type { QuantizedMatrices, StoredWeights } from '../weights/model-weights.js'
import type { Bits } from '../weights/quantize-rows.js'
import { neededMatrices } from './needed-matrices.js'
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
  readonly notice: Notice
}

/** Finds the quantised weights of a model in the cache, or makes them; see derivedFile. */
export async function quantizeWeights(options: QuantizeOptions): Promise<QuantizedWeights> {
  const { spec, stored, bits, modelName, keep, hub, notice } = options
  const matrices = neededMatrices(spec, stored, bits, modelName)
  const content: QuantizedContent = { modelName, bits, matrices, weights: stored }
  const {
    path,
    content: tensors,
    dispose,
  } = await derivedFile({
    modelName,
    what: `int${bits} weights`,
    folder: 'quantized-weights',
    fileName: async () => fileName(modelName, bits, await contentKey(content)),
    keep,
    hub,
    notice,
    instead: 'choose dtype=auto, which needs no file',
    read: async (file) => {
      const found = await readQuantized(file, content)
      return 'tensors' in found ? { content: found.tensors } : found
    },
    write: (file, steps) => writeQuantized(file, content, steps),
  })
  const { weights, beside } = await besideWeights(stored, path)
  return {
    stored: weights,
    quantized: {
      bits,
      matrix: ({ weight }) => ({
        codes: beside(tensors.get(`${weight}.codes`)!),
        scales: beside(tensors.get(`${weight}.scales`)!),
      }),
    },
    dispose,
  }
}

function fileName(modelName: string, bits: Bits, key: string): string {
  const name = modelName.replace(/[^\w.-]+/g, '--').slice(-80)
  return `${name}.int${bits}.${key}.safetensors`
}
