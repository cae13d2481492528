import type { SteerableModel } from '@saeval/language-model'
import { checkEdit } from '@saeval/sae-core/internal/edits/check-edit'
import { parseSteeringCsv } from '@saeval/steering-csv'
import { describe, expect, it } from 'vitest'
import { randomSae } from '../../../../tests/random-sae.js'
import { scaleCoefficients } from './coefficient-units.js'
import type { OpenRow } from './open-edits.js'
import { inFile } from './place-in-file.js'

const hookPoint = 'blocks.1.attn.hook_z'
const sae = randomSae(5, { architecture: 'standard', dIn: 6, hookPoint })

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

/** The rows of a CSV, all of that SAE; `columns` are those of a row besides its SAE. */
function opened(
  columns: string,
  ...cells: string[]
): { file: Parameters<typeof scaleCoefficients>[0]; rows: OpenRow[] } {
  const csv = parseSteeringCsv([`sae_release,sae_id,${columns}`, ...cells.map((row) => `r,i,${row}`)].join('\n'))
  if (!csv.success || csv.dialect !== 'sae_steered_beta') throw new Error('not read')
  const rows = csv.rows.map((row) => {
    const { latent_idx: latent, steering_coefficient: coefficient, head_index: head } = row
    const action = row.hook_action === 'clamp_cond' ? 'clamp_above' : row.hook_action
    return { row, edit: checkEdit({ sae, action, latent, coefficient, ...(head === undefined ? {} : { head }) }) }
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
