import { createHash } from 'node:crypto'
import { basename, join } from 'node:path'
import type { HubOptions, Notice } from '@saeval/hub'
import type { ModelSpec } from '../spec/model-spec.js'
import { type CheckedTensor, readChecked, writeChecked } from '../weights/checked-file.js'
import { type StoredTensor, tensorRows } from '../weights/checkpoint.js'
import { besideWeights, derivedFile } from '../weights/derived-file.js'
import { fileIdentity } from '../weights/file-identity.js'
import type { StoredWeights } from '../weights/model-weights.js'
import { openTensors } from '../weights/read-tensors.js'
import { type AdapterChanges, adapterChanges, untied } from './adapter-changes.js'
import { mergedRows } from './merge-change.js'
import type { Adapter } from './open-adapter.js'

/** Raised with every change of how weights are merged. */
const version = 1

/** A model with an adapter in its weights. */
export interface MergedWeights {
  readonly spec: ModelSpec
  readonly stored: StoredWeights
  /** Removes what was made for this run only. */
  dispose(): void
}

export interface MergeOptions {
  readonly spec: ModelSpec
  readonly stored: StoredWeights
  readonly adapter: Adapter
  readonly modelName: string
  /** Whether the merged tensors are worth keeping for the next run. */
  readonly keep: boolean
  readonly hub: HubOptions
  readonly notice: Notice
}

/** Merges an adapter: the tensors that it changes are written in float32 to a file beside the model's own, which stay as they are. */
export async function mergeAdapter(options: MergeOptions): Promise<MergedWeights> {
  const { spec, stored, adapter, modelName, keep, hub, notice } = options
  const found = adapterChanges(spec, stored, adapter.config, adapter.checkpoint)
  const merged = found.changes.map(
    ({ name, base }): CheckedTensor => ({ name, dtype: 'F32', shape: stored.tensor(base).shape }),
  )
  const { path, content, dispose } = await derivedFile({
    modelName,
    what: `weights with the adapter ${adapter.files.name}`,
    folder: 'merged-weights',
    fileName: async () =>
      `${modelName.replace(/[^\w.-]+/g, '--').slice(-80)}.${await contentKey(options, found)}.safetensors`,
    keep,
    hub,
    notice,
    instead: 'merge the adapter with peft (merge_and_unload)',
    read: async (file) => {
      const read = await readChecked(file, merged)
      return 'damage' in read ? read : { content: read.tensors }
    },
    write: async (file, steps) => {
      const base = openTensors(stored.folder)
      const own = openTensors(adapter.checkpoint.folder)
      try {
        await writeChecked(
          file,
          {
            tensors: merged,
            metadata: { saeval: String(version), model: modelName, dtype: 'float32', adapter: adapter.files.name },
            fill: async (append) => {
              for (const change of found.changes)
                for await (const rows of mergedRows(stored.tensor(change.base), change, base.read, own.read))
                  await append(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength))
            },
          },
          steps,
        )
      } finally {
        await base.close()
        await own.close()
      }
    },
  })
  const { weights, beside } = await besideWeights(stored, path)
  const changed = new Map(
    merged.map(({ name, shape }): [string, StoredTensor] => {
      const { offset, byteLength } = content.get(name)!
      return [name, beside({ name, shape, type: 'float32', location: basename(path), offset, byteLength })]
    }),
  )
  return { spec: found.spec, stored: withTensors(weights, changed, spec, found), dispose }
}

function withTensors(
  weights: StoredWeights,
  changed: ReadonlyMap<string, StoredTensor>,
  spec: ModelSpec,
  { numParameters }: AdapterChanges,
): StoredWeights {
  const tensor = (name: string) => changed.get(name) ?? weights.tensor(name === untied ? spec.unembedding : name)
  return {
    ...weights,
    tensor,
    has: (name) => name === untied || weights.has(name),
    rows: (name, start, end) => tensorRows(tensor(name), tensor(name).shape[0]!, start, end),
    slice: (name, index) => {
      if (changed.has(name)) throw new Error(`${name} is changed as a whole`)
      return weights.slice(name, index)
    },
    numParameters: weights.numParameters + numParameters,
  }
}

/** Names the content by what it is made from. */
async function contentKey({ stored, adapter }: MergeOptions, { changes }: AdapterChanges): Promise<string> {
  const locations = [...new Set(changes.map(({ base }) => stored.tensor(base).location))].sort()
  const files = await Promise.all(locations.map((location) => fileIdentity(join(stored.folder, location))))
  return createHash('sha256')
    .update(JSON.stringify([version, files, await fileIdentity(adapter.weightsPath), adapter.configText]))
    .digest('hex')
    .slice(0, 16)
}
