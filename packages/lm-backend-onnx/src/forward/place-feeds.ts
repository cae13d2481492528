import { bodyNames, modelRopes, tokenInputs } from '../graph/body-inputs.js'
import type { GraphForm } from '../graph/graph-form.js'
import type { TensorData } from '../runtime/engine.js'
import type { DeviceTensor, Feeds, Runtime } from '../runtime/runtime.js'
import type { ModelSpec } from '../spec/model-spec.js'
import { rotaryTable } from '../spec/rope-table.js'
import type { Layout } from './layout.js'

/** Makes of a layout what graphs of a form take to know where tokens stand. */
export interface PlaceFeeds {
  /** For the graph of steps [from, to). */
  of(layout: Layout, from: number, to: number): Feeds
  /** Gives back what is on the device. */
  dispose(): void
}

// tables of so many positions at first
const firstPositions = 1024

export function placeFeeds(spec: ModelSpec, form: GraphForm, runtime: Runtime): PlaceFeeds {
  let positions = 0
  let tables = new Map<string, DeviceTensor>()
  const dispose = () => {
    for (const table of tables.values()) table.dispose()
  }
  /** Tables of rotary embeddings stay on the device; longer ones take their place when a text needs them. */
  const growTables = (longest: number) => {
    if (longest <= positions) return
    positions = Math.max(firstPositions, 2 ** Math.ceil(Math.log2(longest)))
    dispose()
    const made = modelRopes(spec).flatMap(({ rope, dHead }, index) => {
      const { cos, sin } = rotaryTable(rope, dHead, positions)
      const upload = (data: Float32Array) =>
        runtime.upload({ dtype: 'float32', data, dims: [positions, data.length / positions] })
      return [
        [bodyNames.rotary(index, 'cos'), upload(cos)],
        [bodyNames.rotary(index, 'sin'), upload(sin)],
      ] as const
    })
    tables = new Map(made)
  }
  return {
    of: ({ feeds }, from, to) => {
      const given = feeds[bodyNames.positions]
      if (form.rotary === 'tables' && given?.dtype === 'int64')
        growTables(1 + given.data.reduce((most, position) => Math.max(most, Number(position)), 0))
      const names = [...tokenInputs(spec, from, to, form)]
      return Object.fromEntries(
        names.map((name) => [name, feeds[name] ?? tables.get(name) ?? asNumbers(spec, feeds, name)]),
      )
    },
    dispose,
  }
}

/** An input that holds as float32, or in another shape, what a layout holds as int64. */
function asNumbers(spec: ModelSpec, feeds: Layout['feeds'], name: string): TensorData {
  const given = (wanted: string) => {
    const found = feeds[wanted]
    if (found?.dtype !== 'int64') throw new Error(`a layout without ${wanted}`)
    return found
  }
  const floats = ({ data, dims }: TensorData): TensorData => {
    return { dtype: 'float32', data: Float32Array.from(data as BigInt64Array, Number), dims }
  }
  switch (name) {
    case bodyNames.queryPlaces:
      return floats(given(bodyNames.positions))
    case bodyNames.keyPlaces:
      return floats(given(bodyNames.keyPositions))
    case bodyNames.real: {
      const { dims } = given(bodyNames.tokens)
      const lengths = Array.from(given(bodyNames.lengths).data, Number)
      const columns = dims[1]!
      const data = Float32Array.from({ length: lengths.length * columns }, (_, at) =>
        at % columns < lengths[Math.floor(at / columns)]! ? 1 : 0,
      )
      return { dtype: 'float32', data, dims: [lengths.length, columns, 1] }
    }
    case bodyNames.lastTokens: {
      const { data: lengths } = given(bodyNames.lengths)
      const kept = convolutionKernel(spec) - 1
      const data = BigInt64Array.from(
        { length: lengths.length * kept },
        (_, at) => lengths[Math.floor(at / kept)]! + BigInt(at % kept),
      )
      return { dtype: 'int64', data, dims: [lengths.length, kept, 1] }
    }
  }
  throw new Error(`nothing is known of the input ${name}`)
}

function convolutionKernel(spec: ModelSpec): number {
  for (let index = 0; index < spec.nLayers; index++) {
    const { attention } = spec.layer(index)
    if (attention.kind === 'delta_net') return attention.kernel
  }
  throw new Error('the model has no delta-net')
}
