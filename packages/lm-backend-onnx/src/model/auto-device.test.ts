import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { cudaStub, needsCudaStub } from '../../../../tests/devices.js'
import { demoFolder } from '../../../../tests/fixtures.js'

const library = fileURLToPath(new URL('../../dist/index.js', import.meta.url))

/** The device that a model of 3 MB is opened on, or why it is not, and what is said, where two GPUs have 3 MB of memory each. */
function openedWith(
  options: object,
  environment: Readonly<Record<string, string>> = { CUDA_STUB_MEMORY: '3000000' },
): { readonly device: string; readonly said: readonly string[] } {
  const script = `
    import { loadModel } from ${JSON.stringify(library)}
    const said = []
    const options = { model: ${JSON.stringify(join(demoFolder, 'model'))}, notice: (line) => said.push(String(line)) }
    const model = await loadModel({ ...options, ...${JSON.stringify(options)} }).catch((error) => ({ error }))
    console.log(JSON.stringify({ device: model.error?.message ?? model.info.device, said }))
    process.exit()`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, ...cudaStub, CUDA_STUB_DEVICES: '2', ...environment },
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return JSON.parse(stdout)
}

const tooLarge = /the weights take 3\.0 MB and 2\.7 MB of its memory may be used/

it('goes on to the next device where the weights are too large for one that nobody has named', needsCudaStub, () => {
  const { device, said } = openedWith({})
  expect(device).toBe('cpu')
  expect(said.at(-1)).toMatch(
    new RegExp(`^device: cpu; not cuda:0: ${tooLarge.source}; not cuda:1: ${tooLarge.source}`),
  )
  expect(openedWith({ device: 'cuda:0' }).device).toMatch(/^the weights take 3\.0 MB on cuda:0, where 2\.7 MB may be/)
})

it('says that weights are too large where no other device has the arithmetic', needsCudaStub, () => {
  expect(openedWith({ compute: 'tf32' }).device).toMatch(/^the weights take 3\.0 MB on cuda:1, where 2\.7 MB may be/)
})

it('refuses arithmetic that an older GPU has not', needsCudaStub, () => {
  const { device } = openedWith({ device: 'cuda:0', compute: 'bfloat16' }, { CUDA_STUB_CAPABILITY: '7' })
  expect(device).toBe(
    'compute=bfloat16 is for NVIDIA GPUs of compute capability 8.0 or newer, and cuda:0 has 7.0: leave it out',
  )
})
