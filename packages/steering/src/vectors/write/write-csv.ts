import { type SaeSteeredRow, writeSteeringCsv } from '@saeval/steering-csv'
import { residualLayer } from '../layer-place.js'
import { outOfOrder } from '../rows-in-order.js'
import type { SteeredEntry } from '../steered-entry.js'
import { refusesPlaces, type VectorWriter } from './vector-writer.js'

/** Changes along a decoder row -> actions of its latent. */
const actions = {
  add: 'add',
  project_clamp: 'project_clamp',
  project_scale: 'project_scale',
  project_cap: 'project_cap',
} as const

/** The steering CSV of sae_steered_beta: a row for each decoder row that a vector is made of. */
export const csvWriter: VectorWriter = {
  name: 'steering CSV',
  ends: ['.csv'],
  refuses: (entry) => {
    const { change, decoderRows, hookpoint } = entry
    if (!Object.hasOwn(actions, change.action))
      return `${entry.record.action}: its rows have ${Object.keys(actions).join(', ')}`
    if (decoderRows === undefined) return 'a vector of which no decoder row is known: its rows name latents of SAEs'
    const layer = residualLayer(hookpoint)
    if (hookpoint !== decoderRows.hookPoint && (layer === null || layer !== residualLayer(decoderRows.hookPoint)))
      return `${hookpoint}: its rows act where their SAE does, at ${decoderRows.hookPoint}`
    if (entry.positions && Object.keys(positionCells(entry)).length === 0)
      return 'the tokens at which it acts: no cell of a CSV says them'
    return refusesPlaces({ ...entry, positions: null })
  },
  refusesFile: ({ entries }) => outOfOrder(entries)?.why ?? null,
  leaves: () => [],
  bytes: ({ entries }) => new TextEncoder().encode(writeSteeringCsv(entries.flatMap(rowsOf))),
}

/** The cells that say where a row of another CSV acts. */
function positionCells({ record }: SteeredEntry): Pick<SaeSteeredRow, 'positions' | 'skip_positions'> {
  const { positions, skip_positions: skip } = record as Partial<SaeSteeredRow>
  return {
    ...(positions === undefined ? {} : { positions }),
    ...(skip === undefined ? {} : { skip_positions: skip }),
  }
}

function rowsOf(entry: SteeredEntry): SaeSteeredRow[] {
  const { change, decoderRows, head } = entry
  const { release, id, rows, fromDecoderBias } = decoderRows!
  return rows.map(({ latent, weight, description = null }) => ({
    line: 0,
    latent_idx: latent,
    steering_coefficient: change.action === 'add' ? weight * change.coefficient : change.coefficient,
    sae_release: release,
    sae_id: id,
    hook_action: actions[change.action as keyof typeof actions],
    description,
    ...positionCells(entry),
    clamp_value: null,
    refuse_id: null,
    ...(head === null ? {} : { head_index: head }),
    ...(change.action === 'project_clamp' && fromDecoderBias ? { origin: 'b_dec' as const } : {}),
    extra: {},
  }))
}
