import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { SteerableModel } from '@saeval/language-model'
import { checkEdit } from '@saeval/sae-core/internal/edits/check-edit'
import { parseSteeringCsv } from '@saeval/steering-csv'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { randomSae } from '../../../../tests/random-sae.js'
import { scaleCoefficients, type UnitOptions } from './coefficient-units.js'
import { readFeaturesFile } from './features-file.js'
import type { OpenRow } from './open-edits.js'
import { inFile } from './place-in-file.js'

const hookPoint = 'blocks.1.attn.hook_z'
const sae = randomSae(5, { architecture: 'standard', dIn: 6, hookPoint })
const another = randomSae(6, { architecture: 'standard', dIn: 6, hookPoint })

/** A model whose activations at each of three tokens are these; the first token's are not counted. */
const activations = [
  [9, 9, 9, 9, 9, 9],
  [3, 4, 0, 0, 1, 0],
  [0, 1, 0, 0, 0, 1],
]
const plain: Partial<SteerableModel> = {
  info: { maxLength: 64 } as SteerableModel['info'],
  tokenizer: { encode: () => [1, 2, 3], specialIds: new Set<number>() } as unknown as SteerableModel['tokenizer'],
  dHead: 2,
  steer: () => plain as SteerableModel,
  captureActivations: async () =>
    new Map([[hookPoint, { hookPoint, data: Float32Array.from(activations.flat()), dims: [3, 6] as const }]]),
}
const model = plain as SteerableModel

/** The rows of a CSV, of release "other" those of another SAE; `columns` are those of a row besides its SAE. */
function opened(
  columns: string,
  ...cells: string[]
): { file: Parameters<typeof scaleCoefficients>[0]; rows: OpenRow[] } {
  const csv = parseSteeringCsv(
    [`sae_release,sae_id,${columns}`, ...cells.map((row) => (/^\D/.test(row) ? row : `r,i,${row}`))].join('\n'),
  )
  if (!csv.success || csv.dialect !== 'sae_steered_beta') throw new Error('not read')
  const rows = csv.rows.map((row) => {
    const { latent_idx: latent, steering_coefficient: coefficient, head_index: head } = row
    const action = row.hook_action === 'clamp_cond' ? 'clamp_above' : row.hook_action
    return {
      row,
      edit: checkEdit({
        sae: row.sae_release === 'other' ? another : sae,
        action,
        latent,
        coefficient,
        ...(head === undefined ? {} : { head }),
      }),
    }
  })
  return { file: { path: 'steer.csv', sha256: '', rows: csv.rows, ignoredColumns: [] }, rows }
}

describe('residual_norm', () => {
  const scaled = async (columns: string, ...cells: string[]) => {
    const { file, rows } = opened(columns, ...cells)
    return inFile(file, () => scaleCoefficients(file, rows, { unit: 'residual_norm', features: null, model }), rows)
  }

  it('of one head measures that head, and its part of the decoder row', async () => {
    const columns = 'latent_idx,steering_coefficient,hook_action,head_index'
    const rows = await scaled(columns, '3,2,add,0', '3,2,add,2', '3,2,add,', '3,2,project_clamp,2')
    const row = [...(await sae.decoderRow(3))]
    const [first, last, whole] = [row.slice(0, 2), row.slice(4), row].map((part) => Math.hypot(...part))
    const all = (Math.hypot(3, 4, 1) + Math.hypot(1, 1)) / 2
    const expected = [(2 * 3) / first!, (2 * 1) / last!, (2 * all) / whole!, 2]
    for (const [at, { edit }] of rows.entries()) expect(edit.coefficient).toBeCloseTo(expected[at]!, 5)
    expect(rows[1]!.unit!.source).toBe(`mean |x| = 1.00000 at ${hookPoint} in head 2 over saeval's text`)
  })

  it('of a head that the model lacks is an error', async () => {
    await expect(scaled('latent_idx,steering_coefficient,head_index', '3,2,3')).rejects.toThrow(
      `steer.csv:2, column head_index: head 3 is out of range: ${hookPoint} has heads 0 to 2`,
    )
  })
})

describe('max_activation by a features file', () => {
  /** The coefficients of rows 1 x latent 5, of the lines of a file. */
  const scaled = async (
    lines: readonly (object | string)[],
    rows: readonly string[],
    more: Partial<UnitOptions> = {},
  ) => {
    const path = join(temporaryFolder(), 'f.jsonl')
    writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'))
    const features = { path, features: await readFeaturesFile(path) }
    const { file, rows: open } = opened('latent_idx,steering_coefficient,hook_action,unit,max_activation', ...rows)
    const options = { unit: 'max_activation', features, model, ...more } as const
    return (await scaleCoefficients(file, open, options)).map(({ edit }) => edit.coefficient)
  }
  const mine = { latent: 5, sae_release: 'r', sae_id: 'i' }

  it('takes the line that names the SAE most fully, and has a number', async () => {
    const general = { latent: 5, max_activation: 10 }
    expect(await scaled([general, { ...mine, max_activation: 80 }], ['5,2,add,,'])).toEqual([160])
    expect(
      await scaled(
        [
          { ...mine, max_activation: null },
          { ...mine, max_activation: 80 },
        ],
        ['5,2,add,,'],
      ),
    ).toEqual([160])
    expect(await scaled([general, { ...mine, max_activation: null }], ['5,2,add,,'])).toEqual([20])
    expect(await scaled([`\ufeff${JSON.stringify(general)}`], ['5,2,add,,'])).toEqual([20])
  })

  it('is an error where lines differ, where a line may be of two SAEs, and where a name is no text', async () => {
    const two = [
      { ...mine, max_activation: 80 },
      { ...mine, max_activation: 81 },
    ]
    await expect(scaled(two, ['5,2,add,,'])).rejects.toThrow(
      /steer\.csv:2, column max_activation: .*f\.jsonl:2: max_activation of latent 5 is 81, but 80 in .*f\.jsonl:1/,
    )
    const rows = ['5,2,add,,', 'other,i,5,2,add,,']
    await expect(scaled([{ latent: 5, max_activation: 10 }], rows)).rejects.toThrow(
      /f\.jsonl:1 does not say of which SAE latent 5 is, and the rows are of r i and of other i; give the line a sae_release/,
    )
    await expect(scaled([{ latent: 5, max_activation: 10, sae_id: 'i' }], rows)).rejects.toThrow(
      'does not say of which SAE',
    )
    const named = [
      { ...mine, max_activation: 10 },
      { ...mine, sae_release: 'other', max_activation: 30 },
    ]
    expect(await scaled(named, rows)).toEqual([20, 60])
    // the other row does not read the file
    expect(await scaled([{ latent: 5, max_activation: 10 }], [rows[0]!, 'other,i,5,2,add,,3'])).toEqual([20, 6])
    await expect(scaled([{ latent: 5, max_activation: 10, sae_release: 7 }], ['5,2,add,,'])).rejects.toThrow(
      /f\.jsonl:1: sae_release is 7/,
    )
  })

  it('knows a folder of SAEs by any of its names', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'saes'))
    const path = join(folder, 'f.jsonl')
    const release = relative('.', join(folder, 'saes'))
    for (const name of ['saes', release, join(folder, 'saes')]) {
      writeFileSync(path, JSON.stringify({ latent: 5, max_activation: 10, sae_release: name, sae_id: 'i' }))
      const { file, rows } = opened('latent_idx,steering_coefficient', `./${release},i,5,2`)
      const features = { path, features: await readFeaturesFile(path) }
      const [row] = await scaleCoefficients(file, rows, { unit: 'max_activation', features, model })
      expect(row!.edit.coefficient).toBe(20)
    }
  })

  it('and the unit itself are errors where no row uses them, outside of sweeps', async () => {
    const line = { latent: 5, max_activation: 10 }
    await expect(scaled([line], ['5,2,scale,,'])).rejects.toThrow(/features_path=.* has no effect: every row has/)
    await expect(scaled([line], ['5,2,add,,7'])).rejects.toThrow(/features_path=.* has no effect: every row has/)
    await expect(scaled([line], ['5,2,add,absolute,'], { features: null })).rejects.toThrow(
      'unit=max_activation has no effect: every row has a unit of its own or is a plain factor',
    )
    const { file, rows } = opened('latent_idx,steering_coefficient,hook_action', '5,0,ablate')
    const options = { unit: 'max_activation', features: null, model } as const
    await expect(scaleCoefficients(file, rows, options)).rejects.toThrow('unit=max_activation has no effect')
    expect(await scaleCoefficients({ ...file, cellPath: null }, rows, options)).toHaveLength(1)
  })
})
