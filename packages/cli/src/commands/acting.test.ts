import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const base = 'examples/demo/model'
const tasks = ['--tasks', 'demo_dogs', '--include_path', 'examples/demo/tasks', '--limit', '4', '--device', 'cpu']
const folder = temporaryFolder()
const env = { HF_HUB_OFFLINE: '1', HF_HOME: folder }

/** A CSV of edits of the demo's SAE after layer 3: latent, coefficient, action, threshold. */
function csv(name: string, ...rows: string[]): string {
  const path = join(folder, name)
  const head = 'sae_release,sae_id,latent_idx,steering_coefficient,hook_action,clamp_value'
  const lines = rows.map((row) => `examples/demo/saes,layer_3,${row}`)
  writeFileSync(path, [head, ...lines, ''].join('\n'))
  return path
}

// dogs, which the questions are about, and a value that no latent reaches
const dogs = '121,0,ablate,'
const never = '121,5,clamp_above,1000'

const steer = (path: string, ...more: string[]) =>
  runCommand(['run', '-M', 'sae_steered_beta', '-a', `base_name=${base},csv_path=${path}`, ...tasks, ...more], env)

/** The part of results.json that saeval adds, of the one results file in a folder. */
// biome-ignore lint/suspicious/noExplicitAny: JSON
function recordIn(out: string): any {
  const [name] = readdirSync(out, { recursive: true })
    .map(String)
    .filter((file) => /results_.*json$/.test(file))
  return JSON.parse(readFileSync(join(out, name!), 'utf8')).saeval
}

describe('what the rows of a run have done', () => {
  it('is said below the results and kept with each row', async () => {
    const out = join(folder, 'out')
    const { code, stderr } = await steer(csv('some.csv', dogs, never, '121,5,add,', '20,2,clamp,'), '-o', out)
    const { steering, tokens } = recordIn(out)
    const [ablate, above, add, clamp] = steering.rows.map((row: { acted_tokens: number }) => row.acted_tokens)
    expect([code, above, add, clamp]).toEqual([0, 0, tokens.computed, tokens.computed])
    expect(ablate).toBeGreaterThan(0)
    expect(ablate).toBeLessThan(tokens.computed)
    expect(stderr).toContain(
      `rows acted: line 2 at ${ablate}, line 3 at 0, line 4 at ${add}, line 5 at ${clamp} of the ${tokens.computed} tokens computed\n`,
    )
  })

  it('is summed up for many rows', async () => {
    const rows = Array.from({ length: 6 }, (_, index) => `${20 + index},5,clamp_above,1000`)
    const { code, stderr } = await steer(csv('many.csv', ...rows.slice(0, 4), '121,5,add,', ...rows.slice(4)))
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /rows acted: 1 of 7, at (\d+) to \1 of the \1 tokens computed; at none: line 2, 3, 4, 5, 7, 8\n/,
      ),
    ])
  })

  it('is not told of what is added to the input of a whole SAE', async () => {
    const path = csv('fork.csv', never, '121,5,add,')
    const out = join(folder, 'fork')
    const argv = ['run', '-M', 'sae_steered_beta', '-a', `base_name=${base},csv_path=${path},semantics=fork`]
    const { code, stderr } = await runCommand([...argv, ...tasks, '-o', out], env)
    expect([code, stderr]).toEqual([0, expect.stringContaining('tokens computed; not counted: line 3\n')])
    expect(recordIn(out).steering.rows).toMatchObject([{ acted_tokens: 0 }, { acted_tokens: null }])
    const alone = `base_name=${base},csv_path=${csv('add.csv', '121,5,add,')},semantics=pr2641`
    const { stderr: unknown } = await runCommand([...argv.slice(0, 4), alone, ...tasks], env)
    expect(unknown).toContain('\nrows acted; not counted: line 2\n')
  })
})

describe('rows of which none acts', () => {
  const sentence = (path: string) =>
    new RegExp(
      `^(saeval: )?(steered: )?${path}: no row has changed anything at any of the \\d+ tokens computed \\(line 2: clamp_above 5 of latent 121\\), so the answers are those of the unsteered model; take latents`,
      'm',
    )

  it('end a run with code 1 and nothing written', async () => {
    const path = csv('never.csv', never)
    const out = join(folder, 'none')
    const { code, stdout, stderr } = await steer(path, '-o', out)
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(sentence(path))])
    expect(readdirSync(out, { recursive: true }).filter((name) => String(name).endsWith('.json'))).toEqual([])
  })

  it('run with --allow_inert_rows', async () => {
    const { code, stderr } = await steer(csv('never.csv', never), '--allow_inert_rows')
    expect([code, stderr]).toEqual([0, expect.stringMatching(/rows acted: line 2 at 0 of the \d+ tokens/)])
  })

  it('stay an error where their answers are kept, and only theirs', async () => {
    const cache = ['--use_cache', join(folder, 'cache')]
    const path = csv('never.csv', never)
    for (const more of [[], [], ['--limit', '6']]) {
      const { code, stderr } = await steer(path, ...cache, ...more)
      expect([code, stderr]).toEqual([1, expect.stringContaining(`${path}: no row has changed anything at any`)])
    }
    const allowed = await steer(path, ...cache, '--allow_inert_rows')
    expect([allowed.code, allowed.stderr]).toEqual([
      0,
      expect.stringMatching(/rows acted: line 2 at 0 of the [1-9]\d* tokens/),
    ])
    for (let time = 0; time < 2; time++) expect((await steer(csv('dogs.csv', dogs), ...cache)).code).toBe(0)
  })

  it('fail as a cell of a sweep, which others run beside', async () => {
    const out = join(folder, 'sweep')
    const files = [csv('never.csv', never), csv('dogs.csv', dogs)]
    const argv = ['sweep', '-a', `base_name=${base}`, '--csv', ...files, ...tasks, '-o', out]
    const { code, stderr } = await runCommand(argv, env)
    expect([code, stderr]).toEqual([2, expect.stringContaining('saeval: 1 of 3 runs failed')])
    expect(stderr.split('\n').at(-2)).toMatch(sentence(files[0]!))
    expect(stderr).toMatch(/\n3\/3 +dogs\.csv +[\d.]+ +[1-9]\d* %/)
    const results = (id: string) => readdirSync(join(out, 'cells', id)).filter((name) => name.startsWith('results'))
    expect(['baseline', 'csv=dogs.csv', 'csv=never.csv'].map((id) => results(id).length)).toEqual([1, 1, 0])
    const again = await runCommand([...argv, '--allow_inert_rows'], env)
    expect([again.code, again.stderr.match(/\d+ of 3 runs are in/)?.[0]]).toEqual([0, '2 of 3 runs are in'])
  })

  it('end texts that they do not change', async () => {
    const page = join(folder, 'texts.json')
    const argv = (path: string) => ['generate', 'Long ago', '-a', `base_name=${base},csv_path=${path}`, '-o', page]
    const path = csv('never.csv', never)
    const { code, stderr } = await runCommand([...argv(path), '--max_gen_toks', '4'], env)
    expect([code, stderr, existsSync(page)]).toEqual([1, expect.stringMatching(sentence(path)), false])
    const acting = await runCommand([...argv(csv('add.csv', '121,5,add,')), '--max_gen_toks', '4'], env)
    expect([acting.code, acting.stderr]).toEqual([
      0,
      expect.stringMatching(/steered: rows acted: line 2 at (\d+) of the \1/),
    ])
  })
})
