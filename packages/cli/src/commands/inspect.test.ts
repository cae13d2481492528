import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixturePath, gpt2, temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const env = { HF_HOME: fixturePath('hf-home'), HF_HUB_OFFLINE: '1' }
const sae = ['--sae_release', 'gemma-scope-2b-pt-res-canonical', '--sae_id', 'layer_20/width_16k/canonical']
const model = ['-a', 'base_name=google/gemma-2-2b']

describe('saeval inspect', () => {
  it('shows active latents, a followed latent and sizes', async () => {
    const { code, stdout } = await runCommand(
      ['inspect', 'The old dog', ...model, ...sae, '--latents', '12082', '--json'],
      env,
    )
    expect(code).toBe(0)
    const { tokens, latents, norms } = JSON.parse(stdout)
    expect(tokens[0]).toMatchObject({ position: 0, text: '<bos>' })
    const [followed] = latents
    expect(followed).toMatchObject({ latent: 12082 })
    expect(followed.activations).toHaveLength(tokens.length)
    for (const { position, top } of tokens) {
      expect(top).toHaveLength(5)
      expect(top[0].activation).toBeGreaterThanOrEqual(top[4].activation)
      // what is followed is at most the most active
      expect(followed.activations[position]).toBeLessThanOrEqual(top[0].activation)
    }
    expect(followed.max).toBe(Math.max(...followed.activations))
    expect(followed.coefficient_of_median_norm * followed.decoder_norm).toBeCloseTo(norms.median, 6)
  })

  it('takes a Neuronpedia reference and prints a table', async () => {
    const reference = 'gemma-2-2b/20-gemmascope-res-16k/12082'
    const { stdout } = await runCommand(['inspect', 'dog', ...model, '--sae_release', reference, '--top', '1'], env)
    expect(stdout).toMatch(/^\|Position\| *Token *\| *Norm *\|Latent 12082\|Most active latents\|$/m)
    expect(stdout).toContain('as long as the median activation')
  })

  it('shows labels of the features file beside the SAE, or of another one', async () => {
    const demo = ['-a', 'base_name=examples/demo/model', '--sae_release', 'examples/demo/saes', '--sae_id', 'layer_3']
    const { stdout } = await runCommand(['inspect', 'The dog', ...demo, '--latents', '121'], env)
    expect(stdout).toMatch(/^latent 121 \(dogs.*\): at most/m)
    expect(stdout).toMatch(/\|.*\d+ \(on .*\): \d/)
    const file = join(temporaryFolder(), 'own.jsonl')
    writeFileSync(file, '{"latent": 121, "description": "mine"}\n')
    const own = [...demo.slice(0, 1), `base_name=examples/demo/model,features_path=${file}`, ...demo.slice(2)]
    const { latents } = JSON.parse(
      (await runCommand(['inspect', 'The dog', ...own, '--latents', '121,5', '--json'], env)).stdout,
    )
    expect(latents.map(({ label }: { label?: string }) => label)).toEqual(['mine', undefined])
  })

  it.each([
    [['inspect', ...model, ...sae], 'give a text'],
    [['inspect', 'dog', '-a', `base_name=${gpt2}`, ...sae], 'no hook point blocks.20.hook_resid_post'],
    [['inspect', 'dog', ...model, ...sae, '--latents', '99999'], 'latent 99999 is out of range'],
    [['inspect', 'dog', ...model, ...sae, '--latents', 'x'], '--latents: "x"'],
  ])('says what is wrong (%#)', async (argv, message) => {
    const { code, stderr } = await runCommand(argv, env)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
