import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { readSteeringFile } from './read-steering-file.js'

const folder = temporaryFolder()
const feature = { modelId: 'gemma-2-2b', layer: '20-gemmascope-res-16k', index: 12082, strength: 38.5 }
function written(content: object): string {
  const path = join(folder, 'steer.json')
  writeFileSync(path, JSON.stringify(content, null, 1))
  return path
}

describe("Neuronpedia's features as csv_path", () => {
  it('are rows that add strength times multiplier', async () => {
    const saved = { features: [{ ...feature, index: '12082' }], settings: { strength_multiplier: 4 } }
    const request = { prompt: 'x', features: [feature], strength_multiplier: 4, steer_method: 'SIMPLE_ADDITIVE' }
    for (const content of [
      saved,
      request,
      { neurons: [{ ...feature, strength: 154 }] },
      [{ ...feature, strength: 154 }],
    ]) {
      const { rows, sha256 } = await readSteeringFile(written(content))
      expect(rows).toHaveLength(1)
      expect(rows[0]).toMatchObject({
        latent_idx: 12082,
        steering_coefficient: 154,
        sae_release: 'gemma-scope-2b-pt-res-canonical',
        sae_id: 'layer_20/width_16k/canonical',
        hook_action: 'add',
      })
      expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    }
  })

  it.each([
    ['SIMPLE_ADDITIVE', 'add'],
    ['ORTHOGONAL_DECOMP', 'project_scale'],
    ['PROJECTION_CAP', 'project_cap'],
  ])('of %s are %s', async (steer_method, action) => {
    const normalize_steering = action !== 'add'
    const { rows } = await readSteeringFile(written({ features: [feature], steer_method, normalize_steering }))
    expect(rows).toMatchObject([{ hook_action: action, steering_coefficient: 38.5 }])
  })

  it('may have the names that the inference server sends', async () => {
    const camel = { features: [feature], steerMethod: 'ORTHOGONAL_DECOMP', strengthMultiplier: 4, nCompletionTokens: 5 }
    const { rows } = await readSteeringFile(written(camel))
    expect(rows).toMatchObject([{ hook_action: 'project_scale', steering_coefficient: 154 }])
    for (const [more, message] of [
      [{ steerSpecialTokens: false }, 'rows cannot hold steer_special_tokens=false'],
      [{ steer_metod: 'PROJECTION_CAP' }, 'a request of Neuronpedia has no field "steer_metod"'],
      [{ steer_method: 'SIMPLE_ADDITIVE' }, 'has steer_method twice, in two spellings'],
    ] as const)
      await expect(readSteeringFile(written({ ...camel, ...more }))).rejects.toThrow(message)
  })

  it.each<[string, object, string]>([
    ['a method', { features: [feature], steer_method: 'X' }, 'steer_method is "X", expected SIMPLE_ADDITIVE'],
    ['normalize', { features: [feature], normalize_steering: true }, 'rows cannot hold normalize_steering'],
    [
      'special tokens',
      { features: [feature], steer_special_tokens: false },
      'rows cannot hold steer_special_tokens=false',
    ],
    ['no features', { features: [] }, 'has no features'],
    ['no strength', [{ ...feature, strength: undefined }], 'steer.json:5: the feature has no strength'],
    ['an unknown SAE', [{ ...feature, layer: '20-nothing' }], "steer.json:5: SAELens' registry knows no SAE"],
    ['a second one', [feature, { ...feature, modelId: undefined }], 'steer.json:10: a feature needs modelId'],
  ])('with %s are refused', async (_, content, message) => {
    await expect(readSteeringFile(written(content))).rejects.toThrow(message)
  })
})
