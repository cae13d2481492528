import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { demoFolder, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const sae = ['--sae_release', join(demoFolder, 'saes'), '--sae_id', 'layer_3']
const model = ['-a', `base_name=${join(demoFolder, 'model')}`, '-b', 'auto', '--device', 'cpu']
const tasks = ['--include_path', join(demoFolder, 'tasks')]

const rank = (...argv: string[]) => runCommand(['rank', ...model, ...sae, ...argv])

describe('saeval rank', () => {
  it('by slope finds the latent that dogs hang on', async () => {
    const csv = join(temporaryFolder(), 'best.csv')
    const { code, stdout } = await rank(
      '--by',
      'slope',
      '-t',
      'demo_dogs',
      '-L',
      '6',
      ...tasks,
      '--latents',
      '115:124:1',
      '--top',
      '1',
      '-o',
      csv,
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\|Latent\|Slope of margin\| +Label +\|\n.*\n\| +121\|/)
    expect(readFileSync(csv, 'utf8')).toMatch(/\n121,1,.*,layer_3,add,"?dogs/)
  })

  it('by documents leaves out what others need', async () => {
    const { stdout } = await rank('-t', 'demo_dogs', '-L', '12', '--others', 'demo_cats', ...tasks, '--json')
    const found = JSON.parse(stdout)
    expect(found.length).toBeGreaterThan(5)
    for (const { score, details } of found) {
      expect(score).toBeGreaterThan(0)
      expect(details.others).toBeLessThan(0.01)
    }
    const strict = await rank(
      '-t',
      'demo_dogs',
      '-L',
      '12',
      '--others',
      'demo_cats',
      ...tasks,
      '--json',
      '--threshold',
      '0.001',
    )
    expect(JSON.parse(strict.stdout).length).toBeLessThan(found.length)
  })

  it('by output needs no documents', async () => {
    const { stdout } = await rank('--by', 'output', '--latents', '121,3', '--top', '2')
    expect(stdout).toContain('|Latent|Output score|confidence change|')
    expect(stdout).toMatch(/\| +121\|/)
  })

  it.each([
    [['--by', 'slope'], 'ranking by slope needs --tasks'],
    [['--by', 'output', '-t', 'demo_dogs', ...tasks], 'leave --tasks out'],
    [['-t', 'demo_dogs', ...tasks], 'needs --others'],
    [['--by', 'correlation', '-t', 'demo_dogs', '-L', '2', ...tasks], 'every document has the same outcome, 1'],
    [['--by', 'output', '--latents', '512'], '--latents: 512 is no latent; this SAE has latents 0 to 511'],
    [['--by', 'slope', '-t', 'demo_stories', '-L', '2', ...tasks], 'task demo_stories has no margin'],
    [['-t', 'demo_dogs', '--others', 'demo_cats', ...tasks, '--percentiles', '3,4'], 'expected three numbers'],
    [
      ['--by', 'slope', '-t', 'demo_dogs', ...tasks, '--percentiles', '3,4,5'],
      '--percentiles is for ranking by documents',
    ],
    [
      ['--by', 'output', '--threshold', '0.01'],
      '--threshold is for ranking by documents; leave it out with --by output',
    ],
    [
      ['-t', 'demo_dogs', '--others', 'demo_cats', ...tasks, '--percentiles', '3,4,5', '--threshold', '0.5'],
      'give one of them',
    ],
  ])('refuses %j', async (argv, message) => {
    const { code, stderr } = await rank(...argv)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
