import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { cudaStub, needsCudaStub, needsLavapipe, smallLavapipe } from '../../../../../tests/devices.js'

/** The lines that a script writes which has an engine's maker and graph builder, in a process with a further environment. */
function linesOf(script: string, environment: Readonly<Record<string, string>>): string[] {
  const built = (file: string) => JSON.stringify(fileURLToPath(new URL(`../../../dist/${file}`, import.meta.url)))
  const imports = `
    import { GraphBuilder } from ${built('onnx/graph-builder.js')}
    import { cApiEngine } from ${built('runtime/c-api/c-api-engine.js')}
    const told = async (act) => console.log(await Promise.resolve().then(act).catch((error) => error.name))
    const numbers = (count) => ({ dtype: 'float32', data: new Float32Array(count).fill(1), dims: [1, count] })
    const none = { folder: null, mapped: false, constants: {} }`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', imports + script], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.trim().split('\n')
}

it('fails a run of WebGPU for whose numbers there is no memory, and goes on', needsLavapipe, ({ skip }) => {
  const environment = smallLavapipe(2 ** 24)
  if (environment === null) return skip('there is no gcc')
  const script = `
    const graph = new GraphBuilder()
    const x = graph.input('x', 'float32', ['N', 'M'])
    const square = graph.node('MatMul', [graph.node('Transpose', [x], { perm: [1, 0] }), x])
    graph.output(graph.node('ReduceSum', [square], { keepdims: 0 }), 'y', 'float32', [])
    const engine = await cApiEngine({ provider: { name: 'webgpu' }, threads: null })
    const session = await engine.open(graph.build(), none)
    const sum = async (count) => (await session.run({ x: numbers(count) }, { y: 'host' })).y.data[0]
    await told(() => sum(100))
    await told(() => sum(2600))
    await told(() => sum(100))
    process.exit()`
  expect(linesOf(script, environment)).toEqual(['10000', 'OutOfMemory', '10000'])
})

it('takes no more of each GPU of CUDA than is given', needsCudaStub, () => {
  const script = `
    for (const [deviceId, gpuMemory] of [[0, 2 ** 23], [1, 2 ** -9]]) {
      const engine = await cApiEngine({ provider: { name: 'cuda', deviceId, gpuMemory }, threads: null })
      for (const count of [2 ** 20, 2 ** 22]) await told(() => engine.upload(numbers(count)).dims.at(-1))
    }
    process.exit()`
  const environment = { ...cudaStub, CUDA_STUB_DEVICES: '2', CUDA_STUB_MEMORY: String(2 ** 32) }
  const refused = [`${2 ** 20}`, 'OutOfMemory']
  expect(linesOf(script, environment)).toEqual([...refused, ...refused])
})
