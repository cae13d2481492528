import type { CacheTensor } from '../graph/layer-cache.js'
import type { FileTensor } from '../onnx/decode-model.js'
import type { ExternalData } from '../onnx/encode-model.js'
import type { FileVersions } from '../onnx/graph-builder.js'
import type { ModelShape } from '../spec/model-spec.js'
import type { FileInterface } from './file-interface.js'
import type { PreparedGraph } from './prepared-file.js'

/** A model that is the graph of an ONNX file. */
export interface ExportedFile {
  /** For messages. */
  readonly name: string
  readonly spec: ModelShape
  readonly nHeads: number
  readonly dHead: number
  readonly file: FileInterface
  readonly versions: FileVersions
  /** For tokens without cached ones before them, and where the file has one graph for both, with them. */
  readonly prompts: PreparedGraph
  /** For single tokens after cached ones. */
  readonly decoding: PreparedGraph
  /** Whether `prompts` takes cached tokens. */
  readonly continues: boolean
  /** Whether tokens after cached ones can stand in one row only, and the cached ones must be theirs without gaps. */
  readonly decodesAlone: boolean
  /** Where the bytes of a constant are, from the folder that the model is opened with. */
  bytesOf(tensor: FileTensor): ExternalData
}

/** What a graph of steps [from, to) takes and returns of the tokens before. */
export function fileCaches({ file, prompts: { sites } }: ExportedFile, from: number, to: number): CacheTensor[] {
  const isHere = (layer: number) => {
    const step = sites.findIndex(({ step }) => step.layer === layer && step.part.startsWith('attention'))
    return step < 0 || (step >= from && step < to)
  }
  return file.caches
    .filter(({ layer }) => isHere(layer))
    .map(({ layer, kind }) => ({
      name: `${layer}.${kind}`,
      past: `past.${layer}.${kind}`,
      present: `present.${layer}.${kind}`,
      fresh: `fresh.${layer}.${kind}`,
      shared: `shared.${layer}.${kind}`,
      grows: true,
      empty: (rows) => [rows, file.nKvHeads, 0, file.dHead],
    }))
}
