import { argv, stdout } from 'node:process'
import { GraphBuilder } from '../onnx/graph-builder.js'
import { hardwareOf, vulkanProblem } from './ask-hardware.js'
import { cApiEngine } from './c-api/c-api-engine.js'
import { cudaDeviceCount } from './c-api/cuda-driver.js'
import { openKoffi } from './c-api/koffi.js'
import { libraryFile } from './c-api/library-file.js'
import { openOrtApi } from './c-api/ort-api.js'
import { providerUse } from './c-api/providers.js'
import type { Engine } from './engine.js'
import type { Probed, Thoroughness } from './probe.js'
import type { Provider } from './protocol.js'

// Runs one-node graphs on the provider of its argument (JSON) and writes what came of it, as JSON in the last line: the process that probe.ts starts.

const provider = JSON.parse(argv[2]!) as Provider
const thoroughness = argv[3] as Thoroughness

/** ONNX's numbers of types. */
const types = { float32: 1, float16: 10, bfloat16: 16 } as const
type Precision = keyof typeof types

/** Rows and columns of a small product. */
const side = 16

/** x + x. */
function sum(): Uint8Array {
  const graph = new GraphBuilder()
  const x = graph.input('x', 'float32', ['N'])
  graph.output(graph.node('Add', [x, x]), 'y', 'float32', ['N'])
  return graph.build()
}

/** (x + x) x, computed in a type of numbers. */
function product(precision: Precision): Uint8Array {
  const graph = new GraphBuilder()
  const x = graph.input('x', 'float32', [side, side])
  const own = precision === 'float32' ? x : graph.node('Cast', [x], { to: types[precision] })
  const found = graph.node('MatMul', [graph.node('Add', [own, own]), own])
  const y = precision === 'float32' ? found : graph.node('Cast', [found], { to: types.float32 })
  graph.output(y, 'y', 'float32', [side, side])
  return graph.build()
}

/** Types in which the provider itself can add and multiply: a session that may not leave a node to the CPU opens, and runs. */
async function precisions(engine: Engine): Promise<Precision[]> {
  const found: Precision[] = []
  for (const precision of Object.keys(types) as Precision[])
    if (await computesIn(engine, precision)) found.push(precision)
  return found
}

async function computesIn(engine: Engine, precision: Precision): Promise<boolean> {
  const graph = product(precision)
  try {
    opensAlone(graph)
    const session = await engine.open(graph, { folder: null, mapped: false, constants: {} })
    const x = { dtype: 'float32', data: new Float32Array(side * side).fill(1), dims: [side, side] } as const
    await session.run({ x }, { y: 'host' })
    return true
  } catch {
    return false
  }
}

/** Throws where the provider leaves a node of a graph to the CPU. */
function opensAlone(graph: Uint8Array): void {
  const api = openOrtApi(libraryFile())
  const environment = api.CreateEnv(4, 'saeval')
  const options = api.CreateSessionOptions()
  api.AddSessionConfigEntry(options, 'session.disable_cpu_ep_fallback', '1')
  providerUse(provider).append(api, options)
  api.CreateSessionFromArray(environment, graph, graph.byteLength, options)
}

async function find(): Promise<Probed> {
  const engine = await cApiEngine({ provider, threads: null })
  const session = await engine.open(sum(), { folder: null, mapped: false, constants: {} })
  const x = { dtype: 'float32', data: Float32Array.of(21), dims: [1] } as const
  const { y } = await session.run({ x }, { y: 'host' })
  const found = y !== undefined && 'data' in y ? Number(y.data[0]) : null
  if (found !== 42)
    return {
      computes: false,
      problem: `it computes 21 + 21 as ${found}: its driver is broken`,
      isOfOne: true,
      ...gpus(),
    }
  return {
    computes: true,
    library: `onnxruntime ${openOrtApi(libraryFile()).version}`,
    hardware: await hardwareOf(provider),
    precisions: thoroughness === 'precisions' ? await precisions(engine) : ['float32'],
    ...gpus(),
  }
}

/** How many GPUs there are, of CUDA. */
function gpus(): { readonly gpus?: number } {
  return provider.name === 'cuda' ? { gpus: cudaDeviceCount(openKoffi()) } : {}
}

/** What a provider has thrown, and what Vulkan says where WebGPU stands on it: onnxruntime hides it. */
async function failure(error: unknown): Promise<string> {
  const thrown = error instanceof Error ? error.message : String(error)
  if (provider.name !== 'webgpu' || process.platform !== 'linux') return thrown
  return `${await vulkanProblem()}\n${thrown}`
}

find()
  .catch(async (error: unknown) => ({ error: await failure(error), ...gpus() }))
  .then((answer) => {
    stdout.write(`\n${JSON.stringify(answer)}\n`, () => process.exit(0))
  })
