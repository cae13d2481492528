import { argv, stdout } from 'node:process'
import { GraphBuilder } from '../onnx/graph-builder.js'
import { hardwareOf } from './hardware.js'
import { env, InferenceSession, Tensor } from './onnxruntime.js'
import type { Probed, Thoroughness } from './probe.js'
import type { Provider } from './protocol.js'
import { runtimeVersion } from './runtime-package.js'

// Runs one-node graphs on the provider of its argument (JSON) and writes what came of it, as JSON in the last line: the process that probe.ts starts.

const provider = JSON.parse(argv[2]!) as Provider
const thoroughness = argv[3] as Thoroughness

/** ONNX's numbers of types. */
const types = { float32: 1, float16: 10, bfloat16: 16 } as const
type Precision = keyof typeof types

/** x + x, computed in a type of numbers. */
function sum(precision: Precision): Uint8Array {
  const graph = new GraphBuilder()
  const x = graph.input('x', 'float32', ['N'])
  const own = precision === 'float32' ? x : graph.node('Cast', [x], { to: types[precision] })
  const twice = graph.node('Add', [own, own])
  const y = precision === 'float32' ? twice : graph.node('Cast', [twice], { to: types.float32 })
  graph.output(y, 'y', 'float32', ['N'])
  return graph.build()
}

async function open(precision: Precision): Promise<InferenceSession> {
  return InferenceSession.create(sum(precision), {
    executionProviders: [provider],
    logSeverityLevel: 3,
    extra: { session: { disable_cpu_ep_fallback: '1' } },
  })
}

async function find(): Promise<Probed> {
  const session = await open('float32')
  const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(21), [1]) })
  if (y?.data[0] !== 42)
    return { computes: false, problem: `it computes 21 + 21 as ${y?.data[0]}: its driver is broken` }
  const precisions: Precision[] = ['float32']
  for (const precision of thoroughness === 'precisions' ? (['float16', 'bfloat16'] as const) : [])
    await open(precision).then(
      () => precisions.push(precision),
      () => {},
    )
  const hardware = await hardwareOf(provider)
  return { computes: true, library: `onnxruntime ${runtimeVersion()}`, hardware, precisions }
}

env.logLevel = 'error'
find()
  .catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }))
  .then((answer) => stdout.write(`\n${JSON.stringify(answer)}\n`))
