import { join } from 'node:path'
import { loadModel } from '@saeval/lm-backend-onnx'
import { findSae, lowerEdits, openSae, type SteeringEdit } from '@saeval/sae-core'
import { expect, it } from 'vitest'
import { repository } from '../../../../tests/fixtures.js'
import { effectsByFormula, measureEffects } from './edit-effects.js'

it('finds by formula the rows that the model finds', async () => {
  const demo = join(repository, 'examples', 'demo')
  const sae = await openSae(findSae(join(demo, 'saes'), 'layer_3'))
  const model = await loadModel({ model: join(demo, 'model') })
  try {
    const edit = (action: SteeringEdit['action'], coefficient: number, more: Partial<SteeringEdit> = {}) =>
      lowerEdits([{ sae, action, latent: 121, coefficient, ...more }])
    const settings = await Promise.all([
      edit('add', 25),
      edit('add', 0),
      edit('add', 1e-9),
      edit('add_latent', 2),
      edit('clamp', 3),
      edit('clamp_active', 9),
      edit('scale', 1),
      edit('scale', 0),
      edit('clamp_above', 3, { threshold: 1e6 }),
      edit('add', 5, { positions: { include: ['generated'], exclude: [] } }),
      edit('add', 5, { condition: { sae, latent: 121, above: 1e6 } }),
    ])
    const ids = model.tokenizer.encode('Long ago there was a good')
    const byModel = await measureEffects(model, ids, settings)
    const rows = settings.map((setting) => ({ alone: async () => setting, without: async () => [] }))
    const byFormula = await effectsByFormula(model, ids, rows)
    const facts = (list: typeof byModel) => list.map(({ acts, actsWhenActive }) => [acts, actsWhenActive])
    expect(facts(byFormula)).toEqual(facts(byModel))
    expect(
      facts(byModel)
        .map(([, active]) => active)
        .filter((active) => !active),
    ).toHaveLength(3)
    expect(byFormula[0]!.change).toBeGreaterThan(0)
  } finally {
    await model.close()
    await sae.close()
  }
})
