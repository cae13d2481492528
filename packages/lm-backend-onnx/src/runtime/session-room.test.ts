import { expect, it } from 'vitest'
import { GraphBuilder } from '../onnx/graph-builder.js'
import { SessionRoom } from './session-room.js'
import { type WebOnnxruntime, webEngine } from './web-engine.js'

it('closes what was used longest ago, and opens it anew when it is used', async () => {
  const said: string[] = []
  const room = new SessionRoom<{ name: string; release(): Promise<void> }>(25)
  const open = (name: string, bytes = 10) =>
    room.opened(bytes, async () => {
      said.push(`open ${name}`)
      return { name, release: async () => void said.push(`close ${name}`) }
    })
  const a = await open('a')
  const b = await open('b')
  expect((await a.use()).name).toBe('a')
  await open('c')
  expect(said.splice(0)).toEqual(['open a', 'open b', 'close b', 'open c'])
  expect((await b.use()).name).toBe('b')
  expect(said.splice(0)).toEqual(['close a', 'open b'])
  // one that is too large for all others
  await open('d', 30)
  expect(said.splice(0)).toEqual(['close c', 'close b', 'open d'])
  await b.release()
  await b.use()
  expect(said).toEqual(['close d', 'open b'])
})

it('leaves open what a failed session would have replaced no longer than that', async () => {
  const room = new SessionRoom<{ release(): Promise<void> }>(10)
  await expect(room.opened(5, async () => Promise.reject(new Error('no memory')))).rejects.toThrow('no memory')
  let closed = 0
  await room.opened(5, async () => ({ release: async () => void closed++ }))
  await room.opened(5, async () => ({ release: async () => void closed++ }))
  // the one that failed holds nothing
  expect(closed).toBe(0)
})

it('holds the weights of a page within a bound', async () => {
  const alive = new Set<number>()
  let most = 0
  let opened = 0
  const InferenceSession = {
    create: async () => {
      const id = opened++
      alive.add(id)
      most = Math.max(most, alive.size)
      return { run: async () => ({}), release: async () => void alive.delete(id) }
    },
  }
  const engine = webEngine({ InferenceSession, Tensor: class {} } as unknown as WebOnnxruntime, () => [], 2500)
  const graph = (name: string) => {
    const builder = new GraphBuilder()
    const data = { location: 'model.safetensors', offset: 0, length: 1000 }
    const weight = builder.initializer({ name, type: 'float32', shape: [250], data })
    const x = builder.input('x', 'float32', [250])
    builder.output(builder.node('Add', [x, weight]), 'sum', 'float32', [250])
    return builder.build()
  }
  const options = { folder: 'model', mapped: false, constants: {} }
  const sessions = []
  for (const name of ['a', 'b', 'c', 'd']) sessions.push(await engine.open(graph(name), options))
  expect([most, alive.size]).toEqual([2, 2])
  await sessions[0]!.run({}, {})
  expect([opened, alive.size]).toEqual([5, 2])
})
