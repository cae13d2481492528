import type { HubOptions, Notice } from '@saeval/hub'
import type { ModelSpec } from '../spec/model-spec.js'
import type { StoredWeights } from '../weights/model-weights.js'
import { mergeAdapter } from './merge-adapter.js'
import type { Adapter } from './open-adapter.js'

interface AdaptedModel {
  readonly spec: ModelSpec
  readonly stored: StoredWeights
  readonly adapter: Adapter | null
  readonly modelName: string
}

/** The weights with the adapter in them. */
export async function mergedWeights(
  { hub = {}, notice = () => {} }: { readonly hub?: HubOptions; readonly notice?: Notice },
  packUpTo: number,
  { spec, stored, adapter, modelName }: AdaptedModel,
): Promise<{ readonly spec: ModelSpec; readonly stored: StoredWeights; disposeMerged(): void }> {
  if (adapter === null) return { spec, stored, disposeMerged: () => {} }
  const { baseModel, file } = adapter.config
  if (adapter.files.name === modelName) notice(`${file}: this adapter is merged into the weights beside it`)
  else if (baseModel !== null && !isSame(baseModel, modelName))
    notice(`${file}: the adapter was trained on ${baseModel}, and is merged into ${modelName}`)
  const keep = 4 * stored.numParameters > packUpTo
  const merged = await mergeAdapter({ spec, stored, adapter, modelName, keep, hub, notice })
  return { spec: merged.spec, stored: merged.stored, disposeMerged: merged.dispose }
}

/** Whether two names or paths end in the same name: a model keeps it when it is moved. */
function isSame(a: string, b: string): boolean {
  const last = (name: string) =>
    name
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1)!
      .toLowerCase()
  return last(a) === last(b)
}
