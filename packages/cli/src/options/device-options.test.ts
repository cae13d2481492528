import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lavapipe, needsLavapipe } from '../../../../tests/devices.js'
import { demoFolder, repository, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const demo = join(demoFolder, 'model')
const base = ['-a', `base_name=${demo}`]
const steered = ['-a', `base_name=${demo},csv_path=${join(demoFolder, 'forget_dogs.csv')}`]
const sae = ['--sae_release', join(demoFolder, 'saes'), '--sae_id', 'layer_3']
const task = ['-t', 'demo_dogs', '--include_path', join(demoFolder, 'tasks'), '-L', '1']
const out = () => join(temporaryFolder(), 'out')

// every command that opens a model
const commands = (): string[][] => [
  ['run', '-M', 'sae_steered_beta', ...steered, ...task],
  ['sweep', ...base, '--csv', join(demoFolder, 'forget_dogs.csv'), ...task, '-o', out()],
  ['plan', out(), '--shards', '2', '-M', 'sae_steered_beta', ...steered, ...task, '--output_path', out()],
  ['search', ...base, ...sae, '--objective', 'demo_dogs:acc:down', ...task.slice(2), '--latents', '3', '-o', out()],
  ['rank', ...base, ...sae, ...task, '--others', 'demo_cats'],
  ['atlas', ...base, ...sae, '--latents', '3'],
  ['explain', ...steered, ...task],
  ['generate', 'A dog', ...steered],
  ['inspect', 'A dog', ...base, ...sae],
  ['verify', ...steered],
]

describe('--gpu_memory', () => {
  it.each(commands().map((argv) => [argv[0]!, argv] as const))('of %s reaches the model', async (_, argv) => {
    // the CPU has no memory of its own, and says so
    const { code, stderr } = await runCommand([...argv, '--device', 'cpu', '--gpu_memory', '1GB'])
    expect(stderr).toContain('--gpu_memory is for devices with memory of their own, and the model computes on the CPU')
    expect(code).toBe(2)
  })

  it('is all that a device gives, weights included', needsLavapipe, () => {
    const argv = ['packages/cli/dist/bin.js', 'inspect', 'A dog', ...base, ...sae, '--device', 'webgpu']
    const { status, stderr } = spawnSync(process.execPath, [...argv, '--gpu_memory', '1MB'], {
      cwd: repository,
      encoding: 'utf8',
      env: { ...process.env, ...lavapipe },
    })
    expect(stderr).toMatch(/^saeval: the weights take [\d.]+ MB on webgpu, where 1\.0 MB may be used: /m)
    expect(status).toBe(2)
  })

  it('is there wherever --device is', async () => {
    const { stdout } = await runCommand(['--help'])
    const names = [...stdout.matchAll(/^ {2}(\w+)(?: |$)/gm)].map(([, name]) => name!)
    const taking: string[] = []
    for (const name of names) {
      const help = (await runCommand([name, '--help'])).stdout
      expect(/^ +--gpu_memory /m.test(help), name).toBe(/^ +--device /m.test(help))
      if (/^ +--device /m.test(help)) taking.push(name)
    }
    expect(taking.sort()).toEqual(
      // cards are of runs that are there already
      [...commands().map(([name]) => name!), 'card', 'check'].sort(),
    )
  })
})
