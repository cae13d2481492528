import { PassThrough } from 'node:stream'
import { parseSteeringCsv } from '@saeval/steering-csv'
import { describe, expect, it } from 'vitest'
import { runCommand } from '../run.testing.js'
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
    const row = '12082,1,gemma-scope-2b-pt-res-canonical,layer_20/width_16k/canonical'
    const text = await printed(address)
    const csv = text.slice(text.indexOf('latent_idx,'))
    expect(csv).toBe(`latent_idx,steering_coefficient,sae_release,sae_id,hook_action\n${row},add\n`)
    expect(parseSteeringCsv(csv).success).toBe(true)
    expect(JSON.parse(await printed(address, { json: true }))).toMatchObject([{ latent: 12082, csv }])
  })

  it('searches the labels of features files', async () => {
    const { code, stdout } = await runCommand(['saes', 'dogs', '--features', 'examples/demo/saes'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('layer_3')])
    const features = 'examples/demo/saes'
    const found = JSON.parse(await printed('DOGS wagging', { features, json: true }))
    expect(found.length).toBeGreaterThan(0)
    for (const { label, sae_release: release } of found) {
      expect(label.toLowerCase()).toMatch(/(?=.*dogs)(?=.*wagging)/)
      expect(release).toBe(features)
    }
    const text = await printed('dogs', { features: `${features}/layer_3/features.jsonl` })
    expect(text).toMatch(/^examples\/demo\/saes {2}layer_3 +121 .* dogs/m)
    const csv = parseSteeringCsv(text.slice(text.indexOf('latent_idx,')))
    expect(csv).toMatchObject({ success: true, rows: [{ sae_release: features, sae_id: 'layer_3' }] })
    await expect(printed('zebra', { features })).rejects.toThrow(
      /none of the \d+ labels of examples\/demo\/saes holds "zebra"/,
    )
    await expect(printed('x', { features: 'examples/demo/tasks' })).rejects.toThrow('holds no features.jsonl')
    await expect(printed('x', { features, layer: '3' })).rejects.toThrow('give one of them')
  })

  it('says what is near', async () => {
    await expect(printed('gpt2-smal-res-jb')).rejects.toThrow('did you mean "gpt2-small-res-jb"')
    await expect(printed(null, { model: 'gemma-9-2b' })).rejects.toThrow('did you mean')
    await expect(printed(null, { layer: 'x' })).rejects.toThrow('--layer x: expected a whole number from 0')
    await expect(printed(null, { width: 'x' })).rejects.toThrow('is not a number of latents')
  })
})
