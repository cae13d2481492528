import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { demoFolder, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const model = ['-a', `base_name=${join(demoFolder, 'model')}`, '-b', 'auto', '--device', 'cpu']
const sae = [
  '--sae_release',
  join(demoFolder, 'saes'),
  '--sae_id',
  'layer_3',
  '--include_path',
  join(demoFolder, 'tasks'),
]
const atlas = (...argv: string[]) => runCommand(['atlas', ...model, ...sae, ...argv])

it('tells what latents do to neutral texts and to the margins of tasks', async () => {
  const folder = temporaryFolder()
  const clamp = ['--latents', '3,121', '--action', 'clamp_active', '--strength=-1', '-L', '6', '-o', folder]
  const { code, stdout, stderr } = await atlas('-t', 'demo_dogs,demo_people', ...clamp, '--json')
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  const [, dogs] = JSON.parse(stdout)
  expect(dogs).toMatchObject({ latent: 121, coefficient: -29.3 })
  expect(dogs.margins.demo_dogs).toBeLessThan(-5)
  expect(Math.abs(dogs.margins.demo_people)).toBeLessThan(-dogs.margins.demo_dogs / 2)
  expect(dogs.kl).toBeGreaterThanOrEqual(0)
  const [header, ...lines] = readFileSync(join(folder, 'atlas.csv'), 'utf8').trim().split('\n')
  expect(header).toBe('latent,label,coefficient,kl,output score,confidence change,raises,demo_dogs,demo_people')
  expect(lines).toHaveLength(2)
  expect(readFileSync(join(folder, 'atlas.html'), 'utf8')).toContain('What 2 latents do, each alone: clamp_active, -1')
})

it('adds nothing to say where there are no tasks, and refuses what has no margin', async () => {
  const { stdout } = await atlas('--latents', '121', '--json')
  const [row] = JSON.parse(stdout)
  expect(row.margins).toBeNull()
  // added everywhere, dogs come into sentences about nothing
  expect(row.kl).toBeGreaterThan(0.5)
  expect((await atlas('--latents', '600')).stderr).toContain('600 is no latent')
  expect((await atlas('--latents', '3', '-t', 'demo_stories', '-L', '1')).stderr).toContain(
    'demo_stories has no margin',
  )
})
