import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { demoFolder, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const header = 'latent_idx,steering_coefficient,sae_release,sae_id'
let folder: string
let path: string

/** A steering CSV with its SAEs in a folder beside it, as one who moves both keeps them. */
beforeAll(() => {
  folder = join(temporaryFolder(), 'data')
  mkdirSync(folder)
  cpSync(join(demoFolder, 'saes'), join(folder, 'my', 'saes'), { recursive: true })
  path = join(folder, 'steer.csv')
})

const offline = { HF_HUB_OFFLINE: '1' }
const generate = (...rows: string[]) => {
  writeFileSync(path, [header, ...rows].join('\n'))
  const args = ['-a', `base_name=examples/demo/model,csv_path=${path}`, '--device', 'cpu', '--max_gen_toks', '1']
  return runCommand(['generate', 'The', ...args], offline)
}
const sweep = (rows: readonly string[], ...more: string[]) => {
  writeFileSync(path, [header, ...rows].join('\n'))
  return runCommand(
    [
      ...['sweep', '-a', `base_name=examples/demo/model`, '--csv', path, '-t', 'demo_stories', '-L', '1'],
      ...['--include_path', join(demoFolder, 'tasks'), '--device', 'cpu', '-o', join(temporaryFolder(), 's'), ...more],
    ],
    offline,
  )
}

describe('a folder of SAEs that a CSV names', () => {
  it('is looked for beside the CSV', async () => {
    const { code, stderr } = await generate('121,25,my/saes,layer_3')
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('1 of 1 rows change the output'),
    })
  })

  it.each(['saes', 'my/other', '../saes/x'])('says where it looked for %s', async (release) => {
    const { code, stderr } = await generate(`121,25,${release},layer_3`)
    const looked = `there is no folder ${release} in ${process.cwd()} or ${resolve(folder)}`
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(looked) })
    expect(stderr).toMatch(/^saeval: .*steer\.csv:2, column sae_(release|id): [^\n]*\n$/)
  })

  it('is the one that a cell of a sweep takes', async () => {
    const { code, stderr } = await sweep(['121,25,my/saes,layer_3'], '--coefficients', '1,25')
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const out = /results: (.*)\/sweep\.csv/.exec(stderr)![1]!
    const cell = readFileSync(join(out, 'cells', 'coefficient=25', 'steer.csv'), 'utf8')
    expect(cell).toContain(`121,25,${join(folder, 'my/saes')},layer_3`)
  })
})

describe('an error in a sweep names the CSV that was given', () => {
  it.each<[string, string[], string[], string]>([
    [
      'a latent',
      ['9,1,my/saes,layer_3', '99999,1,my/saes,layer_3'],
      [],
      ':3, column latent_idx: latent 99999 is out of range',
    ],
    [
      'another latent',
      ['9,1,my/saes,layer_3'],
      ['--latents', '9,77777'],
      ':2, latent 77777, column latent_idx: latent 77777',
    ],
    [
      'a coefficient',
      ['9,1,my/saes,layer_3'],
      ['--coefficients', '1,1e30'],
      ':2, coefficient 1e+30, column steering_coeff',
    ],
    [
      'an action',
      ['', '9,1,my/saes,layer_3'],
      ['--actions', 'clamp_above'],
      ':3, action clamp_above, column clamp_value: ',
    ],
  ])('%s', async (_name, rows, more, message) => {
    const { code, stderr } = await sweep(rows, ...more)
    expect(stderr).toContain(`saeval: ${path}${message}`)
    expect(stderr).not.toContain('cells')
    expect(code).toBe(2)
  })
})
