import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { lavapipe, needsLavapipe } from '../../../../tests/devices.js'

const library = fileURLToPath(new URL('../../dist/index.js', import.meta.url))

/** The names that listDevices finds in a process with a further environment, in which nothing else is written. */
function devicesOf(environment: Readonly<Record<string, string>> | null): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { listDevices } from ${JSON.stringify(library)}
       console.log((await listDevices()).devices.map(({ name }) => name).join())`,
    ],
    { encoding: 'utf8', env: { ...process.env, ...environment } },
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

it('looks for devices without a word of the native libraries', () => {
  // they write to the process' standard error itself: where there is no Vulkan, WebGPU's says so
  expect(devicesOf(null)).toMatch(/^cpu(,cuda:\d+)*(,webgpu)?\n$/)
})

it('finds WebGPU on a Vulkan device', needsLavapipe, () => {
  expect(devicesOf(lavapipe)).toMatch(/,webgpu\n$/)
})
