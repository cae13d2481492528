import { rmSync } from 'node:fs'
import { afterAll, expect, it } from 'vitest'
import { newFolder, runIn } from '../tools/crash-drill/commands.mjs'
import { difference, resultsIn } from '../tools/crash-drill/results.mjs'
import { lavapipe, needsLavapipe } from './devices.js'
import { nightly } from './fixtures.js'

const [alone, shared] = [newFolder(), newFolder()]
afterAll(() => {
  for (const folder of [alone, shared]) rmSync(folder, { recursive: true, force: true })
})

const asked = ['-t', 'demo_dogs', '--include_path', 'examples/demo/tasks', '--device', 'webgpu', '-b', '4', '-L', '2']
const sweep = ['-a', 'base_name=examples/demo/model', '--csv', 'examples/demo/forget_dogs.csv', ...asked, '-o', 'out']

it('a machine without a GPU plans and merges what another with one computes', {
  ...nightly(needsLavapipe),
  timeout: 240_000,
}, async () => {
  const passes = async (folder: string, argv: readonly string[], env = {}) => {
    const { end, stderr } = await runIn(folder, argv, { env })
    expect([argv[0], end, end === 0 ? '' : stderr]).toEqual([argv[0], 0, ''])
    return stderr
  }
  const gpu = lavapipe!
  expect(await passes(shared, ['plan', 'plan', '--shards', '2', ...sweep])).toContain('in the place of webgpu')
  await passes(shared, ['work', 'plan'], gpu)
  await passes(shared, ['merge', 'plan'])
  await passes(alone, ['sweep', ...sweep], gpu)
  expect(difference(resultsIn(alone), resultsIn(shared))).toBe(null)
})
