import { join } from 'node:path'
import type { SteerableModel } from '@saeval/language-model'
import { findSae, openSae } from '@saeval/sae-core'
import type { CsvSteering } from '@saeval/steering'
import { lengthOf, withRandomDirections } from '@saeval/steering/internal/edits/random-direction'
import { parseSteeringCsv } from '@saeval/steering-csv'
import { expect, it } from 'vitest'
import { demoFolder } from '../../../../tests/fixtures.js'
import { randomSae } from '../../../../tests/random-sae.js'
import type { Cell } from '../sweep-cells.js'
import { controlCells, drawnControls } from './control-cells.js'
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
  const draw = (seed: number) => matchedLatents([{ sae: 'a', latent: 100, facts: { density, norm } }], 4, seed).flat()
  const found = draw(7)
  expect(new Set(found).size).toBe(4)
  expect(found).toEqual(draw(7))
  expect(found).not.toEqual(draw(8))
  for (const latent of found) {
    expect(norm[latent]).toBe(1)
    expect(Math.abs(latent - 100)).toBeLessThanOrEqual(25)
  }
})

it('of a latent that is never active here, latents of its norm', () => {
  const density = Float64Array.from({ length: 200 }, (_, latent) => (latent === 100 ? 0 : 0.001 * (latent + 1)))
  const norm = Float64Array.from({ length: 200 }, (_, latent) => (latent >= 100 ? 1 : 3))
  const found = matchedLatents([{ sae: 'a', latent: 100, facts: { density, norm } }], 4, 7).flat()
  expect(found).toHaveLength(4)
  for (const latent of found) expect(norm[latent]).toBe(1)
})

it('latents that act together are replaced by as many others, none of them their own', () => {
  const facts = { density: new Float64Array(12).fill(0.5), norm: new Float64Array(12).fill(1) }
  const rows = [0, 1, 2, 1].map((latent) => ({ sae: 'a', latent, facts }))
  const other = { sae: 'b', latent: 5, facts }
  for (let seed = 0; seed < 50; seed++) {
    const lists = matchedLatents([...rows, other], 4, seed)
    expect(lists).toHaveLength(4)
    for (const [first, second, third, again, elsewhere] of lists) {
      expect(new Set([first, second, third, 0, 1, 2]).size).toBe(6)
      expect(again).toBe(second)
      expect(elsewhere).not.toBe(5)
    }
    for (const at of rows.keys()) expect(new Set(lists.map((list) => list[at])).size).toBe(4)
  }
  const lists = matchedLatents([...rows, other], 2, 3)
  expect(matchedLatents([...rows, other], 2, 3, [undefined, undefined])).toEqual(lists)
  const more = matchedLatents([...rows, other], 5, 3, [undefined, lists[1]])
  expect([more.length, more[1]]).toEqual([5, lists[1]])
  for (const at of rows.keys()) expect(new Set(more.map((list) => list[at])).size).toBe(5)
  // 9 others: every control takes 3, each of them once for each row
  expect(matchedLatents(rows, 20, 1).length).toBeLessThanOrEqual(9)
})

it('random directions are other ones in each layer that a cross-layer transcoder writes to', async () => {
  const later = (seed: number) => randomSae(seed, { architecture: 'transcoder' })
  const sae = { ...randomSae(1, { architecture: 'transcoder' }), laterLayers: [later(2), later(3)] }
  const rowsOf = ({ laterLayers, ...first }: typeof sae) =>
    Promise.all([first, ...laterLayers].map(({ decoderRow }) => decoderRow(7)))
  const [own, drawn] = [await rowsOf(sae), await rowsOf({ ...sae, ...withRandomDirections(sae, 1) } as typeof sae)]
  const directions = drawn.map((row) => Float32Array.from(row, (value) => value / lengthOf(row)))
  for (const [layer, row] of drawn.entries()) {
    expect(lengthOf(row)).toBeCloseTo(lengthOf(own[layer]!), 5)
    expect(row).not.toEqual(own[layer])
    for (const [other, direction] of directions.entries())
      if (other !== layer) expect(Math.abs(direction[0]! - directions[layer]![0]!)).toBeGreaterThan(1e-3)
  }
})

it('latents that the folder has stay, and nothing is measured for them', async () => {
  const csvOf = (...latents: number[]) =>
    `latent_idx,steering_coefficient,sae_release,sae_id,hook_action\n${latents.map((latent) => `${latent},-29,a,b,clamp_active\n`).join('')}`
  const parsed = parseSteeringCsv(csvOf(121, 14))
  if (!parsed.success || parsed.dialect !== 'sae_steered_beta') throw new Error('not read')
  const sae = randomSae(1, { architecture: 'standard' })
  const edit = { sae, latent: 121, action: 'clamp_active', coefficient: -29 }
  const steering = {
    lower: async () => ({ rows: parsed.rows.map((row) => ({ row, edit })) }),
    close: async () => {},
  } as unknown as CsvSteering
  const cell = {
    id: 'c',
    parameters: {},
    csv: csvOf(121, 14),
    source: { path: 'c.csv', lines: [2, 3] },
    addsNothing: false,
  }
  const there = new Map([
    ['c,control=latent_1', csvOf(33, 44)],
    ['c,control=latent_2', csvOf(55, 66)],
  ])
  const draw = (seed: number, before = there) =>
    controlCells([cell], {
      base: {} as SteerableModel,
      steering: async () => steering,
      texts: [],
      count: 2,
      seed,
      before: (id) => before.get(id) ?? null,
    })
  const drawn = await draw(7)
  expect(drawn.slice(0, 2).map(({ id, csv }) => [id, csv])).toEqual([...there])
  expect(drawn).toHaveLength(5)
  // a CSV of other rows is none of this cell's: others are drawn, for which the model is asked
  await expect(draw(7, new Map([...there, ['c,control=latent_2', csvOf(55)]]))).rejects.toThrow()
})

it('controls that were drawn before are found by the CSVs of their settings, in the order of drawing', () => {
  const cell: Cell = {
    id: 'coefficient=2',
    parameters: { coefficient: 2 },
    csv: 'own',
    source: { path: 'steer.csv', lines: [2] },
    addsNothing: false,
  }
  // a cap has no other sign
  const drawn = ['direction_1', 'latent_2', 'direction_2', 'latent_1'].map((name) => `coefficient=2,control=${name}`)
  const found = drawnControls([{ ...cell, id: 'zero', addsNothing: true }, cell], 2, (id) =>
    drawn.includes(id) ? `csv of ${id}` : null,
  )
  expect(found.map(({ parameters, control }) => [parameters, control])).toEqual(
    ['latent 1', 'latent 2', 'direction 1', 'direction 2'].map((name) => [
      { coefficient: 2, control: name },
      { of: 'coefficient=2', kind: name.startsWith('latent') ? 'random latents' : 'random directions' },
    ]),
  )
  for (const { id, csv } of found) expect(csv).toBe(`csv of ${id}`)
})
