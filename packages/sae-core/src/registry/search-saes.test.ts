import { describe, expect, it } from 'vitest'
import { findNeuronpedia } from './neuronpedia.js'
import { parseWidth, searchSaes } from './search-saes.js'

const ids = (search: Parameters<typeof searchSaes>[0]) =>
  searchSaes(search).map(({ release, sae }) => `${release.release} ${sae.id}`)

describe('search', () => {
  it('knows where the SAEs of the registry sit', () => {
    const kinds = new Map<string, number>()
    for (const { hookPoint } of searchSaes()) {
      const kind = hookPoint?.replace(/^blocks\.\d+\./, '') ?? 'unknown'
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    }
    // counted from SAELens' own loaders; transcoders are counted where they write
    expect(Object.fromEntries(kinds)).toEqual({
      hook_resid_post: 4775,
      hook_mlp_out: 3576 + 2598 + 208 + 26 + 26,
      'attn.hook_z': 2480,
      hook_attn_out: 94,
      hook_resid_pre: 42,
      hook_resid_mid: 24,
      hook_embed: 8,
    })
  })

  it('finds by model, layer, place, width and name', () => {
    expect(ids({ model: 'google/gemma-2-2b', layer: 20, hook: 'resid_post', width: 16384, name: 'canonical' })).toEqual(
      ['gemma-scope-2b-pt-res-canonical layer_20/width_16k/canonical'],
    )
    expect(ids({ model: 'gpt2', layer: 8, hook: 'resid_pre', width: 768 })).toEqual([
      'gpt2-small-res-jb-feature-splitting blocks.8.hook_resid_pre_768',
    ])
    expect(ids({ name: '20-gemmascope-res-16k', model: 'gemma-2-2b' })).toEqual([
      'gemma-scope-2b-pt-res-canonical layer_20/width_16k/canonical',
    ])
    expect(ids({ model: 'no-such-model' })).toEqual([])
    expect(searchSaes({ model: 'gemma-2-2b', width: 2 ** 16 }).every(({ width }) => width! > 6e4 && width! < 7e4)).toBe(
      true,
    )
  })

  it('reads widths', () => {
    expect(['16k', '1M', '16384', '65k', '80k', '131k'].map(parseWidth)).toEqual([
      16384, 1048576, 16384, 65536, 81920, 131072,
    ])
    expect(() => parseWidth('wide')).toThrow('"wide" is not a number of latents')
  })
})

describe('Neuronpedia references', () => {
  it.each([
    'gemma-2-2b/20-gemmascope-res-16k/12082',
    'https://www.neuronpedia.org/gemma-2-2b/20-gemmascope-res-16k/12082',
    'https://neuronpedia.org/gemma-2-2b/20-gemmascope-res-16k/12082?embed=true',
    'neuronpedia.org/Gemma-2-2B/20-gemmascope-res-16k/12082/',
  ])('finds %s', (reference) => {
    const { sae, latent } = findNeuronpedia(reference)
    expect([sae.release, sae.id, latent]).toEqual([
      'gemma-scope-2b-pt-res-canonical',
      'layer_20/width_16k/canonical',
      12082,
    ])
  })

  it('names the nearest of an unknown one', () => {
    expect(() => findNeuronpedia('gemma-2-2b/20-gemmascope-ress-16k/1')).toThrow(
      'did you mean "gemma-2-2b/20-gemmascope-res-16k"',
    )
    expect(() => findNeuronpedia('gemma-2-2b/20-gemmascope-res-16k')).toThrow('is not a Neuronpedia reference')
    expect(() => findNeuronpedia('gemma-2-2b/20-gemmascope-res-16k/99999999999999999999')).toThrow(
      'larger than any SAE',
    )
  })
})
