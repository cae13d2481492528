import { describe, expect, it } from 'vitest'
import { randomSae } from '../../../../tests/random-sae.js'
import { checkEdit } from './check-edit.js'
import { overwrittenEdits } from './overwritten.js'
import type { Semantics, SteeringEdit } from './steering-edit.js'

const sae = randomSae(1, { architecture: 'jumprelu' })
const other = randomSae(2, { architecture: 'jumprelu' })
const edit = (
  action: SteeringEdit['action'],
  latent: number,
  coefficient: number,
  more: Partial<SteeringEdit> = {},
) => ({
  sae,
  action,
  latent,
  coefficient,
  ...more,
})
const overwritten = (edits: readonly SteeringEdit[], semantics: Semantics = 'direct') => {
  const checked = edits.map((item) => checkEdit(item, semantics))
  return overwrittenEdits(checked, semantics).map(({ edit: one, by }) => [checked.indexOf(one), checked.indexOf(by)])
}
const at = (term: 'prompt' | 'generated') => ({ positions: { include: [term], exclude: [] } })
const where = (latent: number, above: number) => ({ condition: { sae, latent, above } })

describe('edits that later ones overwrite', () => {
  it.each<[string, SteeringEdit[]]>([
    ['a clamp', [edit('clamp', 5, 5), edit('clamp', 5, 10)]],
    ['what is gated', [edit('clamp_active', 5, 10), edit('ablate', 5, 0)]],
    ['what is set to nothing', [edit('ablate', 5, 0), edit('clamp', 5, 10)]],
    ['what is scaled', [edit('scale', 5, 2), edit('scale', 5, 0)]],
    ['the same gate', [edit('clamp_active', 5, 5), edit('clamp_active', 5, 10)]],
    ['a higher gate', [edit('clamp_above', 5, 5, { threshold: 3 }), edit('clamp_above', 5, 9, { threshold: 1 })]],
    ['a latent that is refused', [edit('clamp_refusal', 7, 5, { threshold: 3, setLatent: 5 }), edit('clamp', 5, 1)]],
    ['the same positions', [edit('clamp', 5, 5, at('prompt')), edit('clamp', 5, 10, at('prompt'))]],
    ['the same condition', [edit('clamp', 5, 5, where(3, 2)), edit('clamp', 5, 10, where(3, 1))]],
    ['a projection', [edit('project_clamp', 5, 5), edit('project_clamp', 5, 10)]],
  ])('%s', (_name, edits) => {
    expect(overwritten(edits)).toEqual([[0, 1]])
  })

  it.each<[string, SteeringEdit[]]>([
    ['another latent', [edit('clamp', 5, 5), edit('clamp', 6, 10)]],
    ['another SAE', [edit('clamp', 5, 5), edit('clamp', 5, 10, { sae: other })]],
    ['a later gate', [edit('clamp', 5, 5), edit('clamp_active', 5, 10)]],
    ['a gate that opens less often', [edit('clamp_active', 5, 5), edit('clamp_above', 5, 9, { threshold: 1 })]],
    ['what composes', [edit('clamp', 5, 5), edit('scale', 5, 2), edit('add_latent', 5, 1)]],
    ['what is added', [edit('add', 5, 5), edit('clamp', 5, 10)]],
    ['other positions', [edit('clamp', 5, 5), edit('clamp', 5, 10, at('prompt'))]],
    ['two places', [edit('clamp', 5, 5, at('prompt')), edit('clamp', 5, 10, at('generated'))]],
    ['a later condition', [edit('clamp', 5, 5), edit('clamp', 5, 10, where(3, 1))]],
    ['another origin', [edit('project_clamp', 5, 5), edit('project_clamp', 5, 10, { fromDecoderBias: true })]],
  ])('not %s', (_name, edits) => {
    expect(overwritten(edits)).toEqual([])
  })

  it('by other semantics only where nothing has seen them', () => {
    const seen = edit('clamp_refusal', 5, 1, { threshold: 1, setLatent: 6 })
    expect(overwritten([edit('clamp', 5, 5), edit('ablate', 5, 0)], 'pr2641')).toEqual([[0, 1]])
    expect(overwritten([edit('clamp', 5, 5), seen, edit('ablate', 5, 0)], 'pr2641')).toEqual([])
    // there a clamp acts only where the latent is active
    expect(overwritten([edit('ablate', 5, 0), edit('clamp', 5, 5)], 'fork')).toEqual([])
  })
})

describe('thresholds below 0', () => {
  it.each<[string, Partial<SteeringEdit>, RegExp]>([
    ['clamp_above', { threshold: -1 }, /latent 5 is above -1 everywhere; clamp latent 5 by the action clamp/],
    ['clamp_refusal', { threshold: -0.5, setLatent: 9 }, /latent 5 is above -0.5 everywhere; clamp latent 9/],
    ['add', where(3, -0.5), /latent 3 is above the threshold -0.5 everywhere; leave the condition out/],
  ])('of %s are no gates', (action, more, message) => {
    expect(() => checkEdit(edit(action as SteeringEdit['action'], 5, 1, more))).toThrow(message)
  })

  it('of the other semantics are those of their authors', () => {
    expect(() => checkEdit(edit('clamp_above', 5, 1, { threshold: -1 }), 'pr2641')).not.toThrow()
  })
})
