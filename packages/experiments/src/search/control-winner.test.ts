import { InputError } from '@saeval/hub'
import type { SaeReference } from '@saeval/sae-core'
import { expect, it } from 'vitest'
import { randomSae } from '../../../../tests/random-sae.js'
import { controlWinner } from './control-winner.js'

const sae = randomSae(1, { architecture: 'standard' })
const candidate = { sae, reference: {} as SaeReference, latent: 3, label: null, maxActivation: 10 }
const control = (count: number, density: Float64Array, values: (key: string) => readonly number[]) =>
  controlWinner({
    arm: { candidate, action: 'add', strength: -1, coefficient: -10 },
    key: 'arm 0',
    problem: { objectiveOf: async (key) => values(key), controlsAhead: async () => {} },
    count,
    seed: 1,
    activity: async () => ({ tokens: 100, sparsity: density, largest: density }),
  })
const all = new Float64Array(40).fill(0.1)

it('holds the winner against its controls on the side that is wanted', async () => {
  const gain = (own: number) => (key: string) => {
    if (key === 'unsteered') return [0, 0]
    return key === 'arm 0' ? [own, own] : [Number(key.at(-1)) / 100, 0]
  }
  // the winner does the opposite of what is wanted, far from its controls
  const worse = await control(4, all, gain(-10))
  for (const { against } of worse.controls) expect(against.pValue).toBeGreaterThan(0.9)
  const better = await control(4, all, gain(10))
  expect(better.controls.map(({ kind, controls }) => [kind, controls.length])).toEqual([
    ['random latents', 4],
    ['random directions', 4],
  ])
  for (const { against } of better.controls) expect(against.pValue).toBeLessThan(0.01)
  expect(better.controlNotes).toEqual([])
})

it('goes on without a control that cannot run, and says what controls lack', async () => {
  const density = new Float64Array(40)
  for (const latent of [5, 6, 7]) density[latent] = 0.1
  const { controls, flipped, controlNotes } = await control(4, density, (key) => {
    if (key === 'random directions 2' || key === 'flipped') throw new InputError('activations overflow')
    return [key === 'arm 0' ? 1 : 0]
  })
  expect(controls.map(({ kind, controls: gains }) => [kind, gains.length])).toEqual([
    ['random latents', 3],
    ['random directions', 3],
  ])
  expect(flipped).toBeNull()
  expect(controlNotes).toEqual([
    'latent 3 is never active on the texts that densities are measured on: random latents match it in decoder norm alone',
    `only 3 other latents of ${sae.reference.id} are active on these texts, fewer than 4 controls`,
    'control random directions 2 is left out: activations overflow',
    'control flipped is left out: activations overflow',
  ])
})
