import { dirname, relative, sep } from 'node:path'
import type { HubOptions } from '@saeval/hub'
import { readModelText } from '@saeval/hub/checks'
import { tokenizerFilesOf } from '@saeval/tokenizer/internal/open-tokenizer'
import { modelSpec } from '../spec/model-families.js'
import { openCheckpoint } from '../weights/checkpoint.js'
import { matchWeights } from '../weights/model-weights.js'
import { openModelFiles, weightFiles } from '../weights/weight-files.js'

/** The files that loadModel reads of a model. */
export interface FilesOfModel {
  /** Name in the model's folder -> absolute path. */
  readonly paths: ReadonlyMap<string, string>
  readonly numParameters: number
}

/**
 * Finds a model's files, for those who hand them on: a page. `hub` may be told to use the cache alone. Throws InputError for a model that cannot be computed, or
 * of which a file is missing.
 */
export async function filesOfModel(
  model: string,
  revision: string | undefined,
  hub: HubOptions,
): Promise<FilesOfModel> {
  const files = await openModelFiles(model, revision, hub)
  const config = await files.path('config.json')
  const weights = await weightFiles(files)
  const { tokenizerJson, tokenizerConfig, specialTokensMap, chatTemplate } = await tokenizerFilesOf(files)
  const others = ['generation_config.json', 'model.safetensors.index.json'].map((file) => files.pathIfPresent(file))
  const all = [config, tokenizerJson, tokenizerConfig, specialTokensMap, chatTemplate, ...(await Promise.all(others))]
  const nameOf = (path: string) => relative(dirname(config), path).split(sep).join('/')
  const spec = modelSpec(`${model}/config.json`, await readModelText(config))
  return {
    paths: new Map([...all, ...weights].flatMap((path) => (path === null ? [] : [[nameOf(path), path]]))),
    numParameters: matchWeights(spec, await openCheckpoint(weights), model).numParameters,
  }
}
