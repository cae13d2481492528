import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { type SaesOptions, saes } from './saes.js'

async function printed(name: string | null, options: SaesOptions = {}): Promise<string> {
  const stdout = new PassThrough()
  const stream = stdout as unknown as NodeJS.WriteStream
  await saes(name, options, { stdout: stream, stderr: stream, signal: new AbortController().signal })
  return String(stdout.read() ?? '')
}

describe('saeval saes', () => {
  it('lists the releases', async () => {
    const lines = (await printed(null)).trim().split('\n')
    expect(lines).toHaveLength(171)
    expect(lines.find((line) => line.startsWith('gpt2-small-res-jb '))).toMatch(/ {2}gpt2-small {2,}13 {2}/)
  })

  it('searches, and finds by Neuronpedia', async () => {
    const found = JSON.parse(await printed('canonical', { model: 'gemma-2-2b', layer: '20', width: '16k', json: true }))
    expect(found.map((sae: { sae_release: string }) => sae.sae_release)).toEqual(
      ['gemma-scope-2b-pt-res-canonical', 'gemma-scope-2b-pt-mlp-canonical', 'gemma-scope-2b-pt-att-canonical'].sort(),
    )
    const address = 'https://www.neuronpedia.org/gemma-2-2b/20-gemmascope-res-16k/12082'
    expect(await printed(address)).toContain('layer_20/width_16k/canonical')
  })

  it('says what is near', async () => {
    await expect(printed('gpt2-smal-res-jb')).rejects.toThrow('did you mean "gpt2-small-res-jb"')
    await expect(printed(null, { model: 'gemma-9-2b' })).rejects.toThrow('did you mean')
    await expect(printed(null, { layer: 'x' })).rejects.toThrow('--layer x: expected a whole number from 0')
    await expect(printed(null, { width: 'x' })).rejects.toThrow('is not a number of latents')
  })
})
