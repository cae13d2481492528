import { describe, expect, it } from 'vitest'
import { fixtureJson, needsFixture } from '../../../../tests/fixtures.js'
import { baseModelRepository, findSae, releases } from '../index.js'
import { isSameModel } from './base-models.js'

interface GoldenRelease {
  release: string
  repo_id: string
  conversion_func: string | null
  saes: { id: string; path: string }[]
}

describe('the registry', needsFixture('sae-registry.json'), () => {
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

/** Where the families are published, with the form of their names. */
const organisations =
  /^(google\/gemma-|openai-community\/gpt2|openai\/gpt-oss-|EleutherAI\/pythia-|meta-llama\/(Meta-)?Llama-|mistralai\/Mistral-|Qwen\/Qwen[23]|deepseek-ai\/DeepSeek-R1-Distill-Llama-)/

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
    ['gpt2-xl', 'openai-community/gpt2-xl'],
    ['mistral-7b', 'mistralai/Mistral-7B-v0.1'],
    ['phi-3', 'microsoft/Phi-3-mini-4k-instruct'],
    ['phi-4', 'microsoft/phi-4'],
    ['gemma-4-e2b', 'google/gemma-4-E2B'],
    ['gemma-4-26b-a4b-it', 'google/gemma-4-26B-A4B-it'],
    ['qwen3-0.6b', 'Qwen/Qwen3-0.6B'],
    ['Qwen3-14B', 'Qwen/Qwen3-14B'],
    ['qwen2.5-7b-instruct', 'Qwen/Qwen2.5-7B-Instruct'],
    ['gemma-3-270m-it', 'google/gemma-3-270m-it'],
    ['tiny-stories-33M', 'roneneldan/TinyStories-33M'],
    ['tiny-stories-1L-21M', 'roneneldan/TinyStories-1Layer-21M'],
    ['gpt-oss-20b', 'openai/gpt-oss-20b'],
    ['qwen3.5-27b', 'Qwen/Qwen3.5-27B'],
    ['DeepSeek-R1-Distill-Llama-8B', 'deepseek-ai/DeepSeek-R1-Distill-Llama-8B'],
  ])('%s is %s', (alias, repository) => {
    expect(baseModelRepository(alias)).toBe(repository)
    expect(isSameModel(alias, repository)).toBe(true)
  })

  it('of every base model in the registry are repositories of their families', () => {
    const models = [...new Set([...releases().values()].map(({ model }) => model))].sort()
    expect(models).toHaveLength(38)
    const repositories = models.map(baseModelRepository)
    expect(new Set(repositories).size).toBe(38)
    for (const [index, repository] of repositories.entries()) {
      expect(repository).toMatch(organisations)
      expect(baseModelRepository(repository)).toBe(repository)
      expect(isSameModel(models[index]!, repository)).toBe(true)
      // the name alone is enough
      expect(isSameModel(repository.split('/')[1]!, repository)).toBe(true)
      if (!models[index]!.includes('/')) expect(baseModelRepository(models[index]!.toUpperCase())).toBe(repository)
      else expect(baseModelRepository(repository.split('/')[1]!)).toBe(repository)
    }
  })

  it('of other models differ', () => {
    expect(isSameModel('gemma-2-2b', 'google/gemma-2-9b')).toBe(false)
    expect(isSameModel('gpt2', 'openai-community/gpt2-medium')).toBe(false)
    for (const model of ['gpt2', 'gpt2-small', 'openai-community/gpt2'])
      expect(isSameModel(model, 'someorg/gpt2')).toBe(false)
    expect(isSameModel('gpt2-xl', 'someorg/gpt2-xl')).toBe(false)
    // of no known organisation
    expect(isSameModel('my-model', 'someorg/My-Model')).toBe(true)
  })
})
