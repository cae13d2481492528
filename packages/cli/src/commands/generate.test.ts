import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Generations, GenerationToken } from '@saeval/steering'
import { generate } from '@saeval/steering'
import { describe, expect, it } from 'vitest'
import { fixturePath, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const folder = temporaryFolder()
const base = 'examples/demo/model'
const args = (csv = 'examples/demo/add_dogs.csv') => ['-a', `base_name=${base},csv_path=${csv}`, '--device', 'cpu']
const run = (...argv: string[]) => runCommand(['generate', ...argv], { HF_HUB_OFFLINE: '1' })
const dogs = /\b(dog|mastiff|spaniel|corgi|beagle|poodle|collie|terrier|puppy|hound)\b/

/** The demo SAE's decoder as a matching-pursuit SAE, and a CSV that adds a latent of it. */
function matchingPursuit(): { saes: string; csv: string } {
  const saes = temporaryFolder()
  mkdirSync(join(saes, 'layer_3'))
  const of = (name: string) => join('examples/demo/saes/layer_3', name)
  const config = JSON.parse(readFileSync(of('cfg.json'), 'utf8'))
  writeFileSync(join(saes, 'layer_3', 'cfg.json'), JSON.stringify({ ...config, architecture: 'matching_pursuit' }))
  const bytes = readFileSync(of('sae_weights.safetensors'))
  const start = 8 + Number(bytes.readBigUInt64LE())
  const tensors = JSON.parse(bytes.toString('utf8', 8, start))
  const parts: Buffer[] = []
  let at = 0
  const header = Object.fromEntries(
    ['W_dec', 'b_dec'].map((name) => {
      const [from, to] = tensors[name].data_offsets as [number, number]
      parts.push(bytes.subarray(start + from, start + to))
      at += to - from
      return [name, { ...tensors[name], data_offsets: [at - (to - from), at] }]
    }),
  )
  const text = Buffer.from(JSON.stringify(header))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(text.length))
  writeFileSync(join(saes, 'layer_3', 'sae_weights.safetensors'), Buffer.concat([size, text, ...parts]))
  const csv = join(saes, 'steer.csv')
  writeFileSync(csv, `latent_idx,steering_coefficient,sae_release,sae_id\n121,20,${saes},layer_3\n`)
  return { saes, csv }
}

describe('saeval generate', () => {
  it('sets the steered text beside the unsteered one, with what each token is', async () => {
    const prompts = ['Long ago there was a', 'This is the story of a lovely']
    const { code, stdout } = await run(
      ...prompts,
      ...args(),
      '--coefficients',
      '0,25',
      '--max_gen_toks',
      '24',
      '--json',
    )
    expect(code).toBe(0)
    const { prompts: written, latents } = JSON.parse(stdout) as Generations
    expect(latents).toMatchObject([{ latent: 121, sae_id: 'layer_3', description: 'dogs' }])
    expect(written.map(({ prompt }) => prompt)).toEqual(prompts)
    for (const { settings } of written) {
      expect(settings.map(({ label }) => label)).toEqual(['unsteered', 'coefficient 0', 'coefficient 25'])
      const [plain, zero, steered] = settings
      expect(plain!.text).not.toMatch(dogs)
      expect(zero!.text).toBe(plain!.text)
      expect(steered!.text).toMatch(dogs)
      for (const { text, tokens } of settings) expect(tokens.map((token) => token.text).join('')).toContain(text)
      for (const token of plain!.tokens) {
        expect(token.unsteered_logprob).toBe(token.logprob)
        expect(token.unsteered_activations).toEqual(token.activations)
      }
      const mean = (read: (token: GenerationToken) => number) =>
        steered!.tokens.reduce((sum, token) => sum + read(token), 0) / steered!.tokens.length
      // greedy: no token is likelier to the model that did not choose it
      expect(mean((token) => token.logprob)).toBeGreaterThan(mean((token) => token.unsteered_logprob) + 0.1)
      // what was added shows, and the unsteered model finds dogs in the text by itself
      expect(mean((token) => token.activations[0]!)).toBeGreaterThan(mean((token) => token.unsteered_activations[0]!))
      expect(Math.max(...steered!.tokens.map((token) => token.unsteered_activations[0]!))).toBeGreaterThan(1)
    }
  })

  it('continues with vectors as with the rows that they are made of', async () => {
    const path = join(folder, 'dogs.safetensors')
    const sae = ['--sae_release', 'examples/demo/saes', '--sae_id', 'layer_3', '--latents', '121']
    expect((await runCommand(['vectors', 'from-sae', path, ...sae], { HF_HUB_OFFLINE: '1' })).code).toBe(0)
    const words = ['Long ago there was a', '--coefficients', '0,25', '--max_gen_toks', '12', '--json']
    const rows = await run(...words, ...args())
    const vectors = await run(
      ...words,
      ...['--model', 'steered', '-a', `pretrained=${base},steer_path=${path}`, '--device', 'cpu'],
    )
    expect([vectors.code, vectors.stderr]).toEqual([0, expect.not.stringMatching(/^saeval:/m)])
    const [{ prompts }, found] = [rows, vectors].map(({ stdout }) => JSON.parse(stdout) as Generations) as [
      Generations,
      Generations,
    ]
    const texts = (all: Generations['prompts']) =>
      all.map(({ settings }) => settings.map(({ label, text }) => [label, text]))
    expect(texts(found.prompts)).toEqual(texts(prompts))
    expect(prompts[0]!.settings[2]!.text).toMatch(dogs)
    expect(found).toMatchObject({ model: base, latents: [], options: { steer_sha256: expect.any(String) } })
    expect(found.edits).toEqual([0, 25].map((c) => expect.stringContaining(`dogs.safetensors: add ${c} x `)))
  })

  it('writes the same texts one after the other, as they come', async () => {
    const options = {
      modelArgs: { base_name: base, csv_path: 'examples/demo/add_dogs.csv' },
      prompts: ['Long ago there was a', 'One day'],
      temperature: 0.8,
      maxGenToks: 12,
      until: ['.'],
      device: 'cpu',
    }
    const side = await generate(options)
    const streamed = new Map<string, string>()
    const single = await generate({
      ...options,
      onText: ({ prompt, label }, added) => {
        const key = `${prompt} ${label}`
        streamed.set(key, (streamed.get(key) ?? '') + added)
      },
    })
    const texts = ({ prompts }: Generations) => prompts.map(({ settings }) => settings.map(({ text }) => text))
    expect(texts(single)).toEqual(texts(side))
    single.prompts.forEach(({ settings }, prompt) => {
      for (const { label, text } of settings) expect(streamed.get(`${prompt} ${label}`) ?? '').toBe(text)
    })
    const other = await generate({ ...options, seed: 7 })
    expect(texts(other)).not.toEqual(texts(side))
  })

  it('prints texts and writes pages', async () => {
    const file = join(folder, 'prompts.jsonl')
    writeFileSync(file, '{"prompt": "Long ago there was a"}\n\n{"prompt": "<b>One</b> day"}\n')
    const page = join(folder, 'deep', 'texts.html')
    const { code, stdout } = await run('--prompts', file, ...args(), '--max_gen_toks', '8', '-o', page)
    expect([code, stdout]).toEqual([0, expect.stringContaining('> Long ago there was a\nunsteered:\n  ')])
    expect(stdout).toContain('\nsteered:\n  ')
    expect(stdout).toContain('add_dogs.csv:2: add 25 x latent 121 (dogs)')
    const html = readFileSync(page, 'utf8')
    expect(html).toContain('&lt;b&gt;One&lt;/b&gt; day')
    expect(html).not.toMatch(/<b>|https?:/)
    expect(existsSync(`${page}.partial`)).toBe(false)
  })

  it.each([
    [[], 'give a prompt (before -a, or after --)'],
    [['-a', 'x=1', 'Long ago'], '"Long ago" is not name=value'],
    [['-a', 'x=1', 'Long ago'], 'what does not belong to --model_args goes before it, or after --'],
    [['--prompts', 'none.txt'], 'cannot read --prompts none.txt'],
    [['a', '-o', 'texts.txt'], '--output texts.txt: expected a name that ends in .json or .html'],
    [['a', '-o', '/proc/saeval/texts.json'], '--output /proc/saeval/texts.json: cannot write into /proc/saeval (E'],
    [['a', '--top_k', '5'], 'give a --temperature above 0'],
    [['a', '--temperature', 'warm'], '--temperature NaN'],
    [['a', '--max_gen_toks', '100000'], 'leaves no room for a prompt'],
    [['a', '--apply_chat_template'], 'the model has no chat template'],
  ])('says what is wrong (%#)', async (argv, message) => {
    const { code, stderr, stdout } = await run(...argv, ...args())
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)])
  })

  it('says with which coefficients it steered', async () => {
    const { stdout } = await run('a', ...args(), '--coefficients', '10,-2', '--max_gen_toks', '1')
    expect(stdout.match(/add .* x latent 121/g)).toEqual(['add 10 x latent 121', 'add -2 x latent 121'])
  })

  it('says why latents have no activations', async () => {
    const { saes, csv } = matchingPursuit()
    const page = join(folder, 'unread.html')
    const { code, stdout } = await run('a', ...args(csv), '--max_gen_toks', '1', '-o', page)
    const why = `latent 121 of ${saes} layer_3 has no activations here: a matching_pursuit SAE`
    expect([code, stdout]).toEqual([0, expect.stringContaining(why)])
    expect(readFileSync(page, 'utf8')).toContain(why)
  })

  it('refuses coefficients for rows without one', async () => {
    const csv = join(folder, 'ablate.csv')
    writeFileSync(
      csv,
      'latent_idx,steering_coefficient,sae_release,sae_id,hook_action\n121,0,examples/demo/saes,layer_3,ablate\n',
    )
    const { code, stderr } = await run('a', ...args(csv), '--coefficients', '1,2')
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/--coefficients: no row of .*ablate\.csv has a coefficient/),
    ])
  })

  const vectors = (file: string, more = '') => [
    ...['--model', 'steered', '--device', 'cpu'],
    ...['-a', `pretrained=${base},steer_path=${fixturePath(`golden/vectors/${file}`)}${more}`],
  ]
  it.each([
    [vectors('easysteer-erase.json'), /--coefficients: no row of .*easysteer-erase\.json has a coefficient/],
    [vectors('half.gguf', ',scale=2'), /--coefficients replaces what scale=2 in --model_args has made/],
    [
      ['--model', 'hf', ...args()],
      /--model <name>' argument 'hf' is invalid. Allowed choices are sae_steered_beta, steered/,
    ],
    [['--model', 'steered', ...args()], /steered has no argument "base_name"/],
  ])('refuses coefficients and models that mean nothing (%#)', async (argv, message) => {
    const { code, stderr } = await run('a', ...argv, '--coefficients', '1,2')
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
  })
})
