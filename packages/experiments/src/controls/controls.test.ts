import { join } from 'node:path'
import { findSae, openSae } from '@saeval/sae-core'
import { lengthOf, withRandomDirections } from '@saeval/steering/internal/edits/random-direction'
import { expect, it } from 'vitest'
import { demoFolder } from '../../../../tests/fixtures.js'
import { matchedLatents } from './matched-latents.js'

it('random directions are as long, repeat by their seed, and are near no other', async () => {
  const sae = await openSae(findSae(join(demoFolder, 'saes'), 'layer_3'))
  try {
    const [own, first, again, second] = await Promise.all([
      sae.decoderRow(121),
      withRandomDirections(sae, 1).decoderRow(121),
      withRandomDirections(sae, 1).decoderRow(121),
      withRandomDirections(sae, 2).decoderRow(121),
    ])
    expect(lengthOf(first)).toBeCloseTo(lengthOf(own), 5)
    expect(again).toEqual(first)
    const cosine = (a: Float32Array, b: Float32Array) =>
      a.reduce((sum, value, at) => sum + value * b[at]!, 0) / lengthOf(a) / lengthOf(b)
    // of 128 numbers: a standard deviation of 0.09
    for (const pair of [cosine(own, first), cosine(first, second)]) expect(Math.abs(pair)).toBeLessThan(0.35)
  } finally {
    await sae.close()
  }
})

it('matched latents are like the one in density and norm', () => {
  const density = Float64Array.from({ length: 200 }, (_, latent) => (latent % 10 === 3 ? 0 : 0.001 * (latent + 1)))
  const norm = Float64Array.from({ length: 200 }, (_, latent) => (latent % 2 === 0 ? 1 : 3))
  const found = matchedLatents(100, { density, norm }, 4, 7)
  expect(new Set(found).size).toBe(4)
  expect(found).toEqual(matchedLatents(100, { density, norm }, 4, 7))
  expect(found).not.toEqual(matchedLatents(100, { density, norm }, 4, 8))
  for (const latent of found) {
    expect(norm[latent]).toBe(1)
    expect(Math.abs(latent - 100)).toBeLessThanOrEqual(25)
  }
})
