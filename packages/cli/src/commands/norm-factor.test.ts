import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { demoFolder, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

// the demo's SAE as a checkpoint of its training would be: its factor, a power of two so that nothing is rounded, not folded in
const factor = 1 / 16
const prompt = 'Question: What does the dog eat?'
const base = `base_name=${join(demoFolder, 'model')}`
let folder = ''
beforeAll(() => {
  folder = unfolded({})
})

function unfolded(files: Readonly<Record<string, string>>): string {
  const saes = temporaryFolder()
  cpSync(join(demoFolder, 'saes', 'layer_3'), join(saes, 'own'), { recursive: true })
  const config = join(saes, 'own', 'cfg.json')
  const { metadata, ...fields } = JSON.parse(readFileSync(config, 'utf8'))
  Object.assign(fields, {
    metadata: { ...metadata, model_name: null },
    normalize_activations: 'expected_average_only_in',
  })
  writeFileSync(config, JSON.stringify(fields))
  const path = join(saes, 'own', 'sae_weights.safetensors')
  const bytes = readFileSync(path)
  const header = Number(bytes.readBigUInt64LE(0))
  const tensors = JSON.parse(bytes.toString('utf8', 8, 8 + header))
  for (const [name, by] of Object.entries({ W_enc: 1 / factor, W_dec: factor, b_dec: factor })) {
    const { dtype, data_offsets: offsets } = tensors[name]
    expect(dtype).toBe('F32')
    for (let at = 8 + header + offsets[0]; at < 8 + header + offsets[1]; at += 4)
      bytes.writeFloatLE(bytes.readFloatLE(at) * by, at)
  }
  writeFileSync(path, bytes)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(saes, 'own', name), text)
  return saes
}

function csv(saes = folder, id = 'own'): string {
  const path = join(temporaryFolder(), 'steer.csv')
  writeFileSync(
    path,
    `latent_idx,steering_coefficient,sae_release,sae_id,hook_action\n121,-20,${saes},${id},clamp_active\n`,
  )
  return path
}

async function inspect(saes: string, id: string, more = '') {
  const sae = ['--sae_release', saes, '--sae_id', id, '--latents', '121', '--json']
  return runCommand(['inspect', prompt, '-a', base + more, ...sae])
}

describe('an SAE whose norm factor no file has', () => {
  const tasks = ['--tasks', 'demo_dogs', '--include_path', join(demoFolder, 'tasks')]
  it.each([
    ['run', () => ['run', '-M', 'sae_steered_beta', '-a', `${base},csv_path=${csv()}`, ...tasks]],
    ['sweep', () => ['sweep', '--csv', csv(), '-a', base, ...tasks, '-o', temporaryFolder()]],
    ['verify', () => ['verify', '-a', `${base},csv_path=${csv()}`]],
    ['generate', () => ['generate', prompt, '-a', `${base},csv_path=${csv()}`]],
    ['inspect', () => ['inspect', prompt, '-a', base, '--sae_release', folder, '--sae_id', 'own']],
    [
      'search',
      () => {
        const sae = ['--sae_release', folder, '--sae_id', 'own', '--include_path', join(demoFolder, 'tasks')]
        return ['search', '-a', base, '--objective', 'demo_dogs:acc:down', ...sae, '-o', temporaryFolder()]
      },
    ],
  ])('stops saeval %s', async (_, argv) => {
    const { code, stderr } = await runCommand(argv())
    expect(code).toBe(2)
    expect(stderr).toContain(`${folder}/own/cfg.json: normalize_activations asks for a factor that no file`)
    expect(stderr).toContain('norm_text=FILE')
  })

  it('has the activations of the folded SAE with the factor given, or in activation_scaler.json', async () => {
    const right = JSON.parse((await inspect(join(demoFolder, 'saes'), 'layer_3')).stdout)
    const given = JSON.parse((await inspect(folder, 'own', `,norm_factor=${factor}`)).stdout)
    const trained = unfolded({ 'activation_scaler.json': JSON.stringify({ scaling_factor: factor }) })
    const found = JSON.parse((await inspect(trained, 'own')).stdout)
    const unscaled = JSON.parse((await inspect(folder, 'own', ',norm_factor=1')).stdout)
    expect(right.latents[0].max).toBeGreaterThan(1)
    expect(given.latents).toEqual(right.latents)
    expect(found.latents).toEqual(right.latents)
    expect(given.tokens).toEqual(right.tokens)
    expect(unscaled.latents).not.toEqual(right.latents)
  })

  it('measures the factor on a text: sqrt(d_in) over the mean length', async () => {
    const path = join(temporaryFolder(), 'text.txt')
    writeFileSync(path, prompt)
    const { stdout, stderr } = await inspect(folder, 'own', `,norm_text=${path}`)
    const { tokens } = JSON.parse(stdout) as { tokens: { norm: number }[] }
    const mean = tokens.reduce((sum, { norm }) => sum + norm, 0) / tokens.length
    const [, printed] = /norm factor of .* own: ([\d.]+), measured on/.exec(stderr)!
    expect(Number(printed) / (Math.sqrt(128) / mean)).toBeCloseTo(1, 5)
  })

  it('steers with the factor given, which results.json records', async () => {
    const run = async (model: string) => {
      const out = temporaryFolder()
      const argv = ['run', '-M', 'sae_steered_beta', '-a', model, ...tasks, '--limit', '40', '-o', out]
      const { code, stdout } = await runCommand(argv)
      expect(code).toBe(0)
      const [file] = readdirSync(out, { recursive: true }).filter((name) => /results_.*json$/.test(String(name)))
      const results = JSON.parse(readFileSync(join(out, String(file)), 'utf8'))
      return { table: /\|demo_dogs.*/.exec(stdout)![0], sae: results.saeval.steering.saes[0] }
    }
    const steered = await run(`${base},csv_path=${csv()},norm_factor=${factor}`)
    const right = await run(`${base},csv_path=${csv(join(demoFolder, 'saes'), 'layer_3')},allow_other_model=true`)
    expect(steered.table).toBe(right.table)
    expect([steered.sae.norm_factor, right.sae.norm_factor]).toEqual([factor, undefined])
  })

  it.each([
    [',norm_factor=0', 'expected a number above 0'],
    [',norm_factor=2,norm_text=x', 'norm_factor or norm_text, not both'],
    [',norm_text=/nowhere/x', 'cannot read norm_text'],
    [',norm_factor=x', 'norm_factor is "x", expected a number'],
  ])('says what is wrong with %s', async (more, message) => {
    const { code, stderr } = await inspect(folder, 'own', more)
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })

  it('takes no factor for an SAE that needs none', async () => {
    const { code, stderr } = await inspect(join(demoFolder, 'saes'), 'layer_3', ',norm_factor=2')
    expect([code, stderr]).toEqual([2, expect.stringContaining('norm_factor has no effect')])
  })
})
