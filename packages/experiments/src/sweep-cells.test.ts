import { fileURLToPath } from 'node:url'
import { parseSteeringCsv, type SaeSteeredRow } from '@saeval/steering-csv'
import { describe, expect, it } from 'vitest'
import { readSweepCsvs } from './steering-files.js'
import { type SweepAxes, type SweepCsv, sweepCells } from './sweep-cells.js'

const none: SweepAxes = { coefficients: null, scales: null, actions: null, latents: null, rowsSeparately: false }
const file = (path: string, ...lines: string[]) => {
  const csv = parseSteeringCsv(`latent_idx,steering_coefficient,sae_release,sae_id,description\n${lines.join('\n')}\n`)
  if (!csv.success || csv.dialect !== 'sae_steered_beta') throw new Error('the test has a bad CSV')
  return { path, rows: csv.rows }
}
const measured = (): SweepCsv => ({ path: 'a/max.csv', rows: [{ ...one.rows[0]!, unit: 'max_activation' }] })
const one = file('a/dogs.csv', '7,10,r,i,"dogs, mostly"')
const two = file('b/pets.csv', '7,10,r,i,dogs', '9,-4,r,i,cats')
const rowsOf = (csv: string) => {
  const read = parseSteeringCsv(csv)
  return (read.success ? read.rows : []) as readonly SaeSteeredRow[]
}

describe('sweepCells', () => {
  it('is one cell without axes', () => {
    const [cell, ...others] = sweepCells([two], none)
    expect(others).toEqual([])
    expect(cell).toMatchObject({ id: 'steered', parameters: {} })
    expect(rowsOf(cell!.csv).map((row) => row.steering_coefficient)).toEqual([10, -4])
  })

  it('sets coefficients and actions of all rows, in the order of the axes', () => {
    const cells = sweepCells([two], { ...none, coefficients: [-1, 2.5], actions: ['clamp', 'scale'] })
    expect(cells.map(({ id }) => id)).toEqual([
      'action=clamp,coefficient=-1',
      'action=clamp,coefficient=2.5',
      'action=scale,coefficient=-1',
      'action=scale,coefficient=2.5',
    ])
    expect(rowsOf(cells[1]!.csv)).toMatchObject([
      { latent_idx: 7, steering_coefficient: 2.5, hook_action: 'clamp', description: 'dogs' },
      { latent_idx: 9, steering_coefficient: 2.5, hook_action: 'clamp', description: 'cats' },
    ])
  })

  it('scales all rows together', () => {
    const cells = sweepCells([two], { ...none, scales: [0.1, -2] })
    expect(cells.map(({ csv }) => rowsOf(csv).map((row) => row.steering_coefficient))).toEqual([
      [1, -0.4],
      [-20, 8],
    ])
  })

  it('takes rows separately, files and latents', () => {
    expect(sweepCells([one, two], { ...none, rowsSeparately: true }).map(({ parameters }) => parameters)).toEqual([
      { csv: 'dogs.csv', line: 2, latent: 7 },
      { csv: 'pets.csv', line: 2, latent: 7 },
      { csv: 'pets.csv', line: 3, latent: 9 },
    ])
    const latents = sweepCells([one], { ...none, latents: [3, 4] })
    expect(latents.map(({ csv }) => rowsOf(csv)[0]!.latent_idx)).toEqual([3, 4])
  })

  it('knows which cells add nothing on purpose', () => {
    const cells = sweepCells([two], { ...none, coefficients: [0, 1], actions: ['add', 'clamp'] })
    expect(cells.map(({ addsNothing }) => addsNothing)).toEqual([true, false, false, false])
    expect(sweepCells([two], { ...none, scales: [0] })[0]!.addsNothing).toBe(true)
  })

  it('makes the cells of the example', async () => {
    const examples = fileURLToPath(new URL('../../../examples/sweeps/viral_top_*.csv', import.meta.url))
    const files = await readSweepCsvs([examples])
    expect(files.map(({ rows }) => rows.length)).toEqual([10, 5])
    const coefficients = [0, -5, -10, -20, -30, -50, -70, -100]
    expect(sweepCells(files, { ...none, coefficients, actions: ['clamp_active', 'clamp'] })).toHaveLength(32)
    await expect(readSweepCsvs(['examples/nothing_*.csv'])).rejects.toThrow('no file has such a name')
  })

  it('gives files of one name folders of their own', () => {
    const cells = (...paths: string[]) =>
      sweepCells(
        paths.map((path) => ({ ...one, path })),
        none,
      )
    expect(cells('a/dogs.csv', 'b/dogs.csv').map(({ parameters }) => parameters)).toEqual([
      { csv: 'a/dogs.csv' },
      { csv: 'b/dogs.csv' },
    ])
    expect(cells('hünd 犬.csv', 'händ 犬.csv', 'HÜND_犬.csv', 'a b/x.csv', 'a_b/x.csv').map(({ id }) => id)).toEqual([
      'csv=hünd_犬.csv',
      'csv=händ_犬.csv',
      'csv=HÜND_犬.csv,2',
      'csv=a_b_x.csv',
      'csv=a_b_x.csv,2',
    ])
  })

  it('refuses an action that would give the coefficient another unit', () => {
    const actions = (...names: string[]) => sweepCells([measured()], { ...none, actions: names })
    expect(actions('clamp', 'add').map(({ csv }) => rowsOf(csv)[0]!.unit)).toEqual(['max_activation', 'max_activation'])
    expect(() => actions('clamp', 'project_clamp')).toThrow(
      /a\/max\.csv:2, action project_clamp, column unit: project_clamp sets a length along a direction/,
    )
  })

  it.each([
    [[], none, 'needs a steering CSV'],
    [[one], { ...none, coefficients: [1], scales: [2] }, 'give one of them'],
    [[one], { ...none, actions: [] }, '`actions` names nothing'],
    [[one], { ...none, actions: ['clmp'] }, 'there is no action "clmp"'],
    [[two], { ...none, latents: [1] }, 'b/pets.csv has 2'],
    [[one], { ...none, latents: [1.5] }, '1.5 is no latent'],
    [[one], { ...none, actions: ['clamp_above'] }, 'a/dogs.csv:2, action clamp_above, column clamp_value: '],
  ] as const)('refuses what does not fit (%#)', (files, axes, message) => {
    expect(() => sweepCells(files, axes)).toThrow(message)
  })
})
