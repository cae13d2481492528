import { expect, it } from 'vitest'
import type { Requests } from '../protocol.js'
import { HeldFiles } from './held-files.js'
import { openWorker } from './open-worker.js'
import type { WorkerClient } from './worker-client.js'

const bytes = () => new Uint8Array([1, 2, 3])

/** A worker that takes a message as browsers do. */
function taker() {
  const taken: Requests['open'][] = []
  const worker = {
    ask: async (_kind: string, request: object, onPart: (part: unknown) => void, transfer: ArrayBuffer[]) => {
      taken.push(structuredClone(request, { transfer }) as Requests['open'])
      onPart({})
      return null
    },
  } as unknown as WorkerClient
  return { taken, started: { worker, prepared: Promise.resolve() } }
}

it('gives the last worker the bytes themselves, and holds them no more', async () => {
  const files = { 'model/config.json': bytes(), 'model/model.safetensors': bytes() }
  const held = new HeldFiles(Promise.resolve(files))
  const [first, last] = [taker(), taker()]
  await openWorker(first.started, await held.lent())
  expect(files['model/config.json']).toEqual(bytes())
  await openWorker(last.started, await held.given())
  expect([...first.taken, ...last.taken]).toEqual(
    Array(2).fill({ files: { 'model/config.json': bytes(), 'model/model.safetensors': bytes() } }),
  )
  // what is transferred is empty here
  expect(Object.values(files).map(({ length }) => length)).toEqual([0, 0])
  await expect(held.lent()).rejects.toThrow('given the model')
})
