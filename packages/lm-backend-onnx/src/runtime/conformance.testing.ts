import type { GraphBuilder } from '../onnx/graph-builder.js'
import type { Engine, EngineTensor, FileTensor, TensorData } from './engine.js'

/** What `observe` saw: the same of every engine. */
export interface Observed {
  readonly results: Readonly<Record<string, unknown>>
  /** Bytes that each part of the work has moved. */
  readonly traffic: Readonly<Record<string, { readonly up: number; readonly down: number }>>
  /** Bytes that the process has grown by in 400 runs that make 64 kB each. */
  readonly grown: number
}

/**
 * Uses every operation of an engine. It stands alone (what it needs is passed), so that a test can send its text to a process of another
 * environment. Graphs only add tensors of equal shapes: CUDA's stub computes nothing else.
 */
export async function observe(
  engine: Engine,
  Graph: typeof GraphBuilder,
  files: Readonly<Record<string, { readonly file: FileTensor; readonly dtype: FileTensor['dtype'] }>>,
): Promise<Observed> {
  const results: Record<string, unknown> = {}
  const traffic: Record<string, { up: number; down: number }> = {}
  const shown = (value: TensorData | EngineTensor) =>
    'data' in value ? `${value.dtype} [${value.dims}] ${[...(value.data as Float32Array)]}` : `[${value.dims}]`
  const floats = (data: readonly number[], dims: readonly number[]): TensorData => ({
    dtype: 'float32',
    data: Float32Array.from(data),
    dims,
  })
  const message = async (act: () => unknown) => {
    try {
      return shown((await act()) as EngineTensor)
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`
    }
  }
  const part = async (name: string, act: () => Promise<unknown>) => {
    const before = engine.traffic()
    results[name] = await act()
    const after = engine.traffic()
    traffic[name] = { up: after.bytesUp - before.bytesUp, down: after.bytesDown - before.bytesDown }
  }

  const graph = new Graph()
  const x = graph.input('x', 'float32', ['N', 4])
  const w = graph.input('w', 'float32', ['N', 4])
  graph.output(graph.node('Add', [x, w]), 'sum', 'float32', ['N', 4])
  graph.output(graph.node('Add', [x, x]), 'twice', 'float32', ['N', 4])
  const w1 = await engine.upload(floats([10, 20, 30, 40], [1, 4]))
  const session = await engine.open(graph.build(), { folder: null, mapped: false, constants: { w: w1 } })
  const x1 = floats([1, 2, 3, 4], [1, 4])

  await part('host to host', async () => shown((await session.run({ x: x1 }, { sum: 'host' })).sum!))
  const kept: EngineTensor[] = [w1]
  await part('host to device', async () => {
    const { sum, twice } = await session.run({ x: x1 }, { sum: 'device', twice: 'device' })
    kept.push(sum as EngineTensor, twice as EngineTensor)
    return [sum!.dims, twice!.dims]
  })
  await part('device to device', async () => {
    const { twice } = await session.run({ x: kept[1]! }, { twice: 'device' })
    kept.push(twice as EngineTensor)
    return twice!.dims
  })
  await part('read', async () => shown(await kept.at(-1)!.read()))
  await part('to a tensor that is there', async () => {
    const { sum } = await session.run({ x: kept[1]! }, { sum: kept[2]! })
    return sum === kept[2]
  })
  results['what is there then'] = shown(await kept[2]!.read())
  await part('in place', async () => {
    await session.run({ x: kept[2]! }, { twice: kept[2]! })
    const { twice } = await session.run({ x: kept[2]! }, { twice: kept[2]! })
    return twice === kept[2]
  })
  results['in place, read'] = shown(await kept[2]!.read())
  await part('no rows', async () => {
    const none = await engine.upload(floats([], [0, 4]))
    kept.push(none)
    return [shown(await none.read()), shown((await session.run({ x: none }, { twice: 'host' })).twice!)]
  })

  const numbers = {
    float16: Uint16Array,
    bfloat16: Uint16Array,
    int32: Int32Array,
    bool: Uint8Array,
    uint8: Uint8Array,
  }
  for (const [dtype, Numbers] of Object.entries(numbers)) {
    const tensor = await engine.upload({ dtype, data: Numbers.of(1, 0), dims: [2] } as TensorData)
    results[dtype] = shown(await tensor.read())
    kept.push(tensor)
  }
  const wide = await engine.upload({ dtype: 'int64', data: BigInt64Array.of(2n ** 40n, -1n), dims: [2] })
  results.int64 = shown(await wide.read())
  kept.push(wide)

  for (const [name, { file, dtype }] of Object.entries(files))
    await part(name, () =>
      message(async () => {
        const tensor = await engine.uploadFile(file, dtype)
        kept.push(tensor)
        const { dims, data } = await tensor.read()
        const ends = [...data.slice(0, 4), ...data.slice(-2)].map(Number)
        return { dtype: tensor.dtype, dims, data: ends, read() {}, dispose() {} }
      }),
    )

  results['unknown input'] = await message(() => session.run({ x: x1, v: x1 }, { sum: 'host' }))
  results['unknown output'] = await message(() => session.run({ x: x1 }, { difference: 'host' }))
  results['wrong size'] = await message(() => session.run({ x: floats([1], [1, 1]) }, { sum: 'host' }))
  results['missing input'] = await message(() => session.run({}, { sum: 'host' }))
  const gone = await engine.upload(x1)
  gone.dispose()
  gone.dispose()
  results['used after its end'] = await message(() => session.run({ x: gone }, { sum: 'host' }))
  results['runs after errors'] = shown((await session.run({ x: x1 }, { sum: 'host' })).sum!)
  results['no model'] = await message(() =>
    engine.open(Uint8Array.of(1, 2, 3), { folder: null, mapped: false, constants: {} }),
  )

  const large = floats(new Array(16384).fill(1), [4096, 4])
  const rss = []
  for (let turn = 0; turn < 600; turn++) {
    const { twice } = await session.run({ x: large }, { twice: 'device' })
    ;(twice as EngineTensor).dispose()
    if (turn >= 200 && turn % 100 === 0) rss.push(process.memoryUsage().rss)
  }
  for (const tensor of kept) tensor.dispose()
  await engine.close()
  return { results, traffic, grown: rss.at(-1)! - rss[0]! }
}
