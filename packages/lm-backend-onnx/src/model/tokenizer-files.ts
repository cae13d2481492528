import type { ModelFiles } from '@saeval/hub'
import type { Adapter } from '../adapter/open-adapter.js'
import { openModelFiles } from '../weights/weight-files.js'
import type { LoadModelOptions } from './load-model-options.js'

/** The tokenizer's files: those asked for, else those beside the adapter, which may have tokens of its own, else the model's. */
export async function tokenizerFiles(
  { tokenizer, hub = {} }: LoadModelOptions,
  files: ModelFiles,
  adapter: Adapter | null,
): Promise<ModelFiles> {
  if (tokenizer !== undefined) return openModelFiles(tokenizer, undefined, hub)
  const own = adapter !== null && (await adapter.files.pathIfPresent('tokenizer.json')) !== null
  return own ? adapter.files : files
}
