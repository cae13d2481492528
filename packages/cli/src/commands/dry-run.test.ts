import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { type FakeHub, startFakeHub } from '../../../hub/src/fake-hub.testing.js'
import { runCommand } from '../run.testing.js'

const demo = fileURLToPath(new URL('../../../../examples/demo', import.meta.url))
const tasks = ['-t', 'demo_dogs,demo_stories', '--include_path', join(demo, 'tasks'), '--device', 'cpu', '-b', 'auto']
const steered = (model: string) => `base_name=${model},csv_path=${join(demo, 'add_dogs.csv')},allow_other_model=true`

/** Everything below a folder, with its content. */
function contents(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`)
    .sort()
}

describe('--dry_run', () => {
  let hub: FakeHub
  let home: string
  let env: Record<string, string>
  beforeAll(async () => {
    const files = Object.fromEntries(
      readdirSync(join(demo, 'model')).map((name) => [name, readFileSync(join(demo, 'model', name))]),
    )
    hub = await startFakeHub('someone/demo', files)
    home = temporaryFolder()
    env = { HF_HOME: home, HF_ENDPOINT: hub.endpoint }
  })
  afterAll(() => hub.close())
  const size = () => readFileSync(join(demo, 'model', 'model.safetensors')).length

  it.each([
    ['run', ['-a', 'pretrained=someone/demo', ...tasks]],
    ['run', ['-M', 'sae_steered_beta', '-a', steered('someone/demo'), ...tasks]],
    ['sweep', ['-a', 'base_name=someone/demo', '--csv', join(demo, 'add_dogs.csv'), '--scales', '1,2', ...tasks]],
    ['generate', ['Once', '-a', steered('someone/demo'), '--device', 'cpu']],
  ])('of %s says what would be done, and downloads no weights (%#)', async (command, argv) => {
    const output = join(temporaryFolder(), 'out')
    const where = command === 'generate' ? [] : ['-o', output]
    const { code, stdout, stderr } = await runCommand([command, ...argv, ...where, '--dry_run'], env)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`model: `)
    expect(stdout).toContain(`${Math.round(size() / 1e6)} MB to download`)
    expect(stdout).toMatch(
      command === 'generate' ? /tokens of prompts, at most 64 new/ : /work: [\d,]+ requests: [\d,]+ distinct tokens/,
    )
    expect(stdout).toMatch(/time: is measured in the first passes, and shown then, at most [\d.,]+ [GT]FLOP\n/)
    expect(stdout.trim().split('\n').length).toBeLessThan(6)
    expect(existsSync(output)).toBe(false)
    expect(contents(home).filter((line) => line.includes('safetensors'))).toEqual([])
  })

  it('measures the time where the weights are here, and writes nothing', async () => {
    const before = contents(demo)
    const argv = ['run', '-a', `pretrained=${join(demo, 'model')}`, ...tasks, '--dry_run']
    const { code, stdout } = await runCommand([...argv, '--use_cache', join(home, 'answers')], env)
    expect(code).toBe(0)
    expect(stdout).not.toContain('to download')
    expect(stdout).toMatch(/time: about .* \(at the speed of a try of \d+ tokens here\)/)
    expect(existsSync(join(home, 'answers'))).toBe(false)
    const [, tokens] = stdout.match(/requests: ([\d,]+) distinct/)!
    expect(tokens!.length).toBeGreaterThan(2)
    const estimated = await runCommand(
      ['plan', join(home, 'plan'), ...argv.slice(1, -1), '-o', 'out', '--estimate'],
      env,
    )
    expect(estimated.stdout.replace(/time: .*/, '')).toBe(stdout.replace(/time: .*/, ''))
    expect(existsSync(join(home, 'plan'))).toBe(false)
    expect(contents(demo)).toEqual(before)
  })

  it('is followed by a run that says what it downloads', async () => {
    const { code, stderr } = await runCommand(['run', '-a', 'pretrained=someone/demo', ...tasks, '-L', '4'], env)
    expect(code).toBe(0)
    expect(stderr).toContain('someone/demo: 1 file, ')
  })
})
