import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const library = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
const contract = fileURLToPath(new URL('../../../language-model/dist/index.js', import.meta.url))
const folder = fileURLToPath(new URL('../../../../examples/demo/model', import.meta.url))

it('ends while sessions are opened and run, and the process lives on', () => {
  // in a process of its own, since native code could end it
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
      import { loadModel } from ${JSON.stringify(library)}
      import { loglikelihood } from ${JSON.stringify(contract)}
      const pairs = [{ context: 'The dog ate a', continuation: ' bone' }]
      for (const milliseconds of [0, 20]) {
        const model = await loadModel({ model: ${JSON.stringify(folder)}, device: 'cpu' })
        await loglikelihood(model, pairs)
        // three ways of editing are three sessions
        const hookPoint = 'blocks.2.hook_resid_post'
        const addend = new Float32Array(model.widthOf(hookPoint)).fill(1)
        const stage = { addend, adds: [], readers: [], phases: [], gatesRead: 'clean', saeReplacement: null }
        const asked = [1, 2, 3].map((count) =>
          loglikelihood(model.steer([{ hookPoint, stages: Array(count).fill(stage) }]), pairs))
        const ended = Promise.allSettled(asked)
        await new Promise((resolve) => setTimeout(resolve, milliseconds))
        await model.close()
        console.log((await ended).map(({ status, reason }) => status === 'fulfilled' || reason.message).join())
      }
      `,
    ],
    { encoding: 'utf8' },
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout.split('\n')[0]).toBe(Array(3).fill('the model was closed').join())
})
