import { expect, it } from 'vitest'
import { randomSae } from '../../../../tests/random-sae.js'
import { checkNormFactors } from './norm-factor.js'
import { withRandomDirections } from './random-direction.js'

const missingFactor = { file: 'cfg.json', field: 'normalize_activations', contextSize: 128, prependBos: true }
const lacking = (seed: number) => randomSae(seed, { architecture: 'standard', missingFactor })

it('one norm factor is enough for an SAE and its rows in random directions, and not for two SAEs', () => {
  const sae = lacking(1)
  const saes = [sae, withRandomDirections(sae, 7), withRandomDirections(sae, 8)]
  expect(() => checkNormFactors({ norm_factor: 2 }, saes)).not.toThrow()
  expect(() => checkNormFactors({ norm_factor: 2 }, [...saes, lacking(2)])).toThrow(
    'norm_factor is one number, but random 1, random 2 each lack their own',
  )
})
