import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { lavapipe, needsLavapipe } from '../../../../tests/devices.js'
import { nightly } from '../../../../tests/fixtures.js'
import { inTurn, newTurns } from './turns.js'

const library = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
const folder = fileURLToPath(new URL('../../../../examples/demo/model', import.meta.url))

it('passes the turn on, after an error too', async () => {
  const turns = newTurns()
  await expect(inTurn(turns, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await inTurn(turns, () => turns[0])).toBe(1)
  expect(turns[0]).toBe(0)
})

it('models on WebGPU compute beside each other', nightly(needsLavapipe), () => {
  // in a process of its own, which two threads that use the device at once end
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
      import { loadModel } from ${JSON.stringify(library)}
      const rows = Array.from({ length: 20 }, (_, row) => (
        { ids: Array.from({ length: 30 }, (_, at) => 10 + (7 * at + row) % 200), predictions: [{ position: 20, token: 5 }] }))
      const open = () => loadModel({ model: ${JSON.stringify(folder)}, device: 'webgpu', batchSize: 4 })
      const models = await Promise.all([open(), open()])
      const scored = await Promise.all(models.map((model) => model.scoreTokens(rows)))
      console.log(new Set(scored.map((rows) => JSON.stringify(rows))).size)
      await Promise.all(models.map((model) => model.close()))
      `,
    ],
    { encoding: 'utf8', env: { ...process.env, ...lavapipe } },
  )
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '1\n', stderr: '' })
})
