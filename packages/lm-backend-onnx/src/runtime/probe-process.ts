import { argv, stderr, stdout } from 'node:process'
import { GraphBuilder } from '../onnx/graph-builder.js'
import { env, InferenceSession, Tensor } from './onnxruntime.js'
import type { Provider } from './protocol.js'

// Runs a one-node graph on the provider of its argument (JSON) and writes the result: the process that devices.ts starts.

env.logLevel = 'error'
const graph = new GraphBuilder()
const x = graph.input('x', 'float32', ['N'])
graph.output(graph.node('Add', [x, x]), 'y', 'float32', ['N'])
try {
  const executionProviders = [JSON.parse(argv[2]!) as Provider]
  const session = await InferenceSession.create(graph.build(), { executionProviders, logSeverityLevel: 3 })
  const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(21), [1]) })
  stdout.write(String(y?.data[0]))
} catch (error) {
  stderr.write(error instanceof Error ? error.message : String(error))
}
