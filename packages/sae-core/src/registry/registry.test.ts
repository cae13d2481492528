import { describe, expect, it } from 'vitest'
import { fixtureJson, hasFixture } from '../../../../tests/fixtures.js'
import { baseModelRepository, findSae, isSameModel, releases } from '../index.js'

interface GoldenRelease {
  release: string
  repo_id: string
  conversion_func: string | null
  saes: { id: string; path: string }[]
}

describe.skipIf(!hasFixture('sae-registry.json'))('the registry', () => {
  it('has every SAE of SAELens with its place', () => {
    const golden = fixtureJson('sae-registry.json') as GoldenRelease[]
    expect([...releases().keys()].sort()).toEqual(golden.map(({ release }) => release).sort())
    for (const { release, repo_id: repository, saes } of golden) {
      expect(releases().get(release)!.repository).toBe(repository)
      expect(
        releases()
          .get(release)!
          .saes.map(({ id, path }) => [id, path]),
      ).toEqual(saes.map(({ id, path }) => [id, path]))
    }
  })
})

describe('names', () => {
  it('lead to an SAE, or say which are near', () => {
    expect(findSae('gemma-scope-2b-pt-res-canonical', 'layer_20/width_16k/canonical')).toMatchObject({
      place: { repository: 'google/gemma-scope-2b-pt-res' },
      loader: 'gemma_2',
    })
    expect(() => findSae('gpt2-small-res-jbb', 'x')).toThrow(
      /no release "gpt2-small-res-jbb"; did you mean "gpt2-small-res-jb"/,
    )
    expect(() => findSae('gpt2-small-res-jb', 'blocks.88.hook_resid_pre')).toThrow(
      /none of them "blocks\.88\.hook_resid_pre"; did you mean/,
    )
    expect(findSae('someone/saes', 'layer_3').place).toEqual({ repository: 'someone/saes' })
  })

  it.each([
    ['gpt2-small', 'openai-community/gpt2'],
    ['gemma-2-2b', 'google/gemma-2-2b'],
    ['pythia-70m-deduped', 'EleutherAI/pythia-70m-deduped'],
    ['meta-llama/Llama-3.1-8B', 'meta-llama/Llama-3.1-8B'],
  ])('%s is %s', (alias, repository) => {
    expect(baseModelRepository(alias)).toBe(repository)
    expect(isSameModel(alias, repository)).toBe(true)
  })

  it('of other models differ', () => {
    expect(isSameModel('gemma-2-2b', 'google/gemma-2-9b')).toBe(false)
    expect(isSameModel('gpt2', 'openai-community/gpt2-medium')).toBe(false)
  })
})
