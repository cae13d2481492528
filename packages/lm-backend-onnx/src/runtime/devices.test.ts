import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const library = fileURLToPath(new URL('../../dist/index.js', import.meta.url))

it('looks for devices without a word of the native libraries', () => {
  // they write to the process' standard error itself: where there is no Vulkan, WebGPU's says so
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { listDevices } from ${JSON.stringify(library)}
       console.log((await listDevices()).map(({ name }) => name).join())`,
    ],
    { encoding: 'utf8' },
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(/^cpu(,cuda:\d+)*(,webgpu)?\n$/)
})
