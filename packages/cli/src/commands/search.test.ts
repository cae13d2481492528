import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { demoFolder, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const model = ['-a', `base_name=${join(demoFolder, 'model')}`, '-b', 'auto', '--device', 'cpu']
const sae = ['--sae_release', join(demoFolder, 'saes'), '--sae_id', 'layer_3']
const tasks = ['--include_path', join(demoFolder, 'tasks'), '-L', '40']
const dogs = ['--objective', 'demo_dogs:acc:down', '--guard', 'demo_cats+demo_people+demo_places:acc:-8']

const search = (argv: readonly string[], controller?: AbortController) =>
  runCommand(['search', ...model, ...sae, ...tasks, ...argv], {}, controller)

/** Bytes of the answers that a folder keeps. */
const answersIn = (folder: string) => {
  const place = join(folder, 'answers')
  if (!existsSync(place)) return 0
  return readdirSync(place).reduce((sum, name) => sum + statSync(join(place, name)).size, 0)
}

const found = (folder: string) => JSON.parse(readFileSync(join(folder, 'search.json'), 'utf8'))

describe('saeval search', () => {
  const few = [...dogs, '--latents', '120,121,250', '--strengths=-1,1', '--controls', '5', '--budget', '60000']
  let folder: string
  let stdout: string
  beforeAll(async () => {
    folder = join(temporaryFolder(), 'found')
    const result = await search([...few, '-o', folder])
    expect({ code: result.code, stderr: result.code === 0 ? '' : result.stderr }).toEqual({ code: 0, stderr: '' })
    stdout = result.stdout
  })

  it('finds the latent that dogs hang on, beside controls that do nothing', () => {
    expect(stdout).toMatch(/^Confirmed: (add|clamp_active) -29\.3 \(-1 of its largest activation\), latent 121 \(dogs/)
    const { winner, finalists, controls, cost } = found(folder)
    expect(winner).toMatchObject({ latent: 121, strength: -1 })
    expect(finalists.find((one: { confirmed: boolean }) => one.confirmed).holm).toBeLessThan(0.05)
    for (const { against } of controls) expect(against.pValue).toBeLessThan(0.01)
    expect(found(folder).beats_controls).toBe(true)
    expect(stdout).toContain('more than random latents and random directions do.')
    expect(cost.tokens).toBeLessThan(cost.budget)
  })

  it('ends with a CSV, a page and every reason', () => {
    expect(readFileSync(join(folder, 'best.csv'), 'utf8')).toMatch(/\n121,-29\.3,.*,layer_3,(add|clamp_active),"?dogs/)
    const page = readFileSync(join(folder, 'search.html'), 'utf8')
    for (const word of ['Confirmed:', 'Controls', 'Pareto front', 'full grid of 3 latents'])
      expect(page).toContain(word)
    const [header, ...lines] = readFileSync(join(folder, 'search.csv'), 'utf8').trim().split('\n')
    expect(header).toBe('sae_id,latent,action,strength,coefficient,round,documents,gain,why')
    for (const line of lines) expect(line).not.toMatch(/,$/)
  })

  it('comes to the same end when it is stopped, again and again, and called once more', async () => {
    const copy = join(temporaryFolder(), 'found')
    const whole = answersIn(folder)
    // while the unsteered model answers, and in rounds
    for (const share of [0.05, 0.6]) {
      const controller = new AbortController()
      const watch = setInterval(() => {
        if (answersIn(copy) > share * whole) controller.abort()
      }, 20)
      const stopped = await search([...few, '-o', copy], controller).finally(() => clearInterval(watch))
      expect({ share, code: stopped.code }).toEqual({ share, code: 130 })
      expect(answersIn(copy)).toBeLessThan(whole)
    }
    const again = await search([...few, '-o', copy])
    expect(again.stdout).toBe(stdout)
    const { command: _, ...rest } = found(copy)
    const { command: __, ...first } = found(folder)
    expect(rest).toEqual(first)
    const other = await search([...few, '--keep', '3', '--num_fewshot', '1', '-o', copy])
    expect(other.code).toBe(2)
    expect(other.stderr).toContain('is the folder of another search, of other keep, prompts;')
  })

  it('confirms nothing where nothing does it', async () => {
    const none = join(temporaryFolder(), 'none')
    const result = await search([...dogs, '--latents', '0,2', '--strengths=-0.5', '--budget', '60000', '-o', none])
    expect(result.stdout).toContain('Nothing is confirmed')
    expect(existsSync(join(none, 'best.csv'))).toBe(false)
  })

  it.each([
    [['--objective', 'demo_dogs:acc'], 'expected tasks, metric and way'],
    [['--objective', 'demo_dogs:acc:down', '--guard', 'demo_cats:acc'], 'expected tasks, metric and points'],
    [['--objective', 'demo_dogs:acc:down', '--guard', 'demo_cats:acc:-3'], 'even no change at all leaves a loss of'],
    [
      ['--objective', 'demo_dogs:acc:down', '--guard', 'demo_dogs:acc:-3'],
      'names no task beside those of the objective',
    ],
    [['--objective', 'demo_dogs:acc:down', '-L', '1'], '--objective demo_dogs:acc:down has no document to confirm on'],
    [
      ['--objective', 'demo_dogs:choice_margin:up', '-L', '2'],
      'no p value of 3 finalists can be below 0.05; it takes 7',
    ],
    [['--objective', 'demo_dogs:bleu:down'], 'task demo_dogs has no metric bleu'],

    [['--objective', 'demo_dogs:acc:down', '--budget', '5000'], '--budget: 5000 tokens are too few'],
    [['--objective', 'demo_dogs:acc:down', '--actions', 'scale'], 'a search can try add'],
    [['--objective', 'demo_dogs:acc:down', '--label', 'no such label'], 'there is no latent to search among'],
    [['--objective', 'demo_dogs:acc:down', '-t', 'demo_dogs'], '--tasks is a flag of "saeval run"'],
  ])('refuses %j', async (argv, message) => {
    const { code, stderr } = await search([...argv, '-o', join(temporaryFolder(), 'refused')])
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
  })
})

describe('saeval search of several processes and SAEs', () => {
  it('divides the work in one folder, and both come to the same end', async () => {
    const folder = join(temporaryFolder(), 'found')
    const argv = [
      ...dogs,
      '--latents',
      '120,121',
      '--strengths=-1,1',
      '--controls',
      '2',
      '--budget',
      '60000',
      '-o',
      folder,
    ]
    const [first, second] = await Promise.all([search(argv), search(argv)])
    expect([first.code, second.code]).toEqual([0, 0])
    expect(second.stdout).toBe(first.stdout)
    expect(first.stdout).toContain('Confirmed: ')
    // who waits for a part says so
    expect(first.stderr + second.stderr).toContain('works on this folder too; each part is done by one')
    expect(existsSync(join(folder, 'claims'))).toBe(false)
    // one process alone comes to it too
    const alone = join(temporaryFolder(), 'found')
    expect((await search([...argv.slice(0, -1), alone])).stdout).toBe(first.stdout)
  })

  it('takes what "saeval saes --json" prints: SAEs of several layers, and latents', async () => {
    const listed = join(temporaryFolder(), 'saes.json')
    const saes = join(demoFolder, 'saes')
    writeFileSync(
      listed,
      JSON.stringify([
        { sae_release: saes, sae_id: 'layer_2', latent: 40 },
        { sae_release: saes, sae_id: 'layer_3', latent: 121 },
      ]),
    )
    const folder = join(temporaryFolder(), 'found')
    const more = ['--strengths=-1', '--actions', 'clamp_active', '--controls', '0', '--budget', '60000', '-o', folder]
    const { code, stdout, stderr } = await runCommand([
      'search',
      ...model,
      '--saes',
      listed,
      ...tasks,
      ...dogs,
      ...more,
    ])
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/latent 121 .*of layer_3/)
    expect(readFileSync(join(folder, 'search.csv'), 'utf8')).toMatch(/^layer_2,40,/m)
    writeFileSync(listed, JSON.stringify([{ sae_release: saes, sae_id: 'layer_3', latent: 121 }]))
    const single = await runCommand(['search', ...model, '--saes', listed, ...tasks, ...dogs, ...more, '--label', 'x'])
    expect(single.stderr).toContain(
      '--label chooses among the latents of whole SAEs, and only single latents are named',
    )
    writeFileSync(listed, '{"a": 1}')
    const { stderr: refused } = await runCommand(['search', ...model, '--saes', listed, ...tasks, ...dogs, ...more])
    expect(refused).toContain('expected the list that "saeval saes … --json" prints')
  })
})
