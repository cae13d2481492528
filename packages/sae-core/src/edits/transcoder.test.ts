import { expect, it } from 'vitest'
import { expectClose } from '../../../../tests/expect-close.js'
import { randomNumbers, randomSae } from '../../../../tests/random-sae.js'
import { tolerance } from '../../../../tests/tolerances.js'
import { applyIntervention, decode, encode, lowerEdits } from '../index.js'

it.each([
  { normalization: 'none', inputScale: 1 },
  { normalization: 'layer_norm', inputScale: 1 },
  { normalization: 'none', inputScale: 0.4 },
] as const)('transcoders write their own scale: %o', async (units) => {
  const sae = randomSae(4, {
    architecture: 'transcoder',
    dIn: 8,
    dOut: 12,
    hookPoint: 'blocks.0.mlp.hook_in',
    hookPointOut: 'blocks.0.hook_mlp_out',
    applyBDecToInput: false,
    ...units,
  })
  const whole = { config: sae.config, tensors: await sae.load() }
  const read = randomNumbers(5)(6 * 8)
  const x = randomNumbers(6)(6 * 12)
  const reads = new Map([['blocks.0.mlp.hook_in', read]])
  const f = encode(whole, read)
  const { dSae } = sae.config
  const latent = Array.from({ length: dSae }, (_, j) => j).find((j) => f[j]! > 0)!
  const changed = f.map((value, at) => (at % dSae === latent ? 2 * value : value))
  const [before, after] = [decode(whole, f, read), decode(whole, changed, read)]
  const edit = { sae, action: 'scale', latent, coefficient: 2 } as const
  const direct = applyIntervention(x, (await lowerEdits([edit]))[0]!, 12, { reads })
  expectClose(
    direct,
    x.map((value, i) => value + after[i]! - before[i]!),
    tolerance.sae,
    'direct',
  )
  const replaced = applyIntervention(x, (await lowerEdits([edit], { semantics: 'pr2641' }))[0]!, 12, { reads })
  expectClose(replaced, after, tolerance.saeReplacement, 'pr2641')
  expect(direct).not.toEqual(x)
})
