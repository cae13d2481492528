import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFiles } from '@saeval/hub'
import { renderFindings } from '@saeval/report'
import { writeReport } from '@saeval/report/internal/html/write-report'
import { writeSteeringCsv } from '@saeval/steering-csv'
import type { Arm } from './arms.js'
import type { SearchPlan } from './search-plan.js'
import type { SearchResult } from './search-record.js'
import {
  beatsControls,
  confirmationTable,
  controlTable,
  costTable,
  droppedTable,
  reasonText,
  verdictText,
} from './search-tables.js'
import { tradeOffOf } from './trade-off-of.js'

export interface WriteSearchOptions {
  readonly command: string
  readonly saeval: string
  readonly plan: SearchPlan
}

const mostDropped = 200

/** Writes what a search has found: search.json, search.csv, search.html with its chart, and best.csv where something is confirmed. */
export async function writeSearch(result: SearchResult, { command, saeval }: WriteSearchOptions): Promise<void> {
  const { folder, arms, winner, standings, confirmations, leftOut, controls, cost, flipped } = result
  const { objective, guards, controlNotes, unranked, rankedBy } = result
  const record = {
    saeval,
    command,
    objective,
    guards,
    winner: winner === null ? null : plainArm(arms[winner]!),
    finalists: confirmations.map(({ arm, ...found }) => ({ ...plainArm(arms[arm]!), ...found })),
    beats_controls: beatsControls(result),
    controls,
    flipped,
    control_notes: controlNotes,
    ranked_by: rankedBy,
    unranked,
    cost,
  }
  const reasons = [
    ...standings.map(({ arm, round, documents, gain, dropped }) => [
      ...armCells(arms[arm]!),
      round + 1,
      documents,
      documents === 0 ? '' : gain,
      dropped === null ? 'finalist' : reasonText(dropped, result),
    ]),
    ...leftOut.map(({ latent, sae, why }) => [sae, latent, '', '', '', 0, 0, '', why]),
  ]
  const header = ['sae_id', 'latent', 'action', 'strength', 'coefficient', 'round', 'documents', 'gain', 'why']
  const table = [header, ...reasons]
    .map((cells) => `${cells.map((cell) => csvCell(String(cell))).join(',')}\n`)
    .join('')
  const best = join(folder, 'best.csv')
  writeFiles([
    [join(folder, 'search.json'), `${JSON.stringify(record, null, 2)}\n`],
    [join(folder, 'search.csv'), table],
    ...(winner === null ? [] : [[best, steeringCsv(arms[winner]!)] as const]),
  ])
  // of an earlier end of the same search there is none
  if (winner === null) rmSync(best, { force: true })
  const tables = [confirmationTable(result), controlTable(result), costTable(result), droppedTable(result, mostDropped)]
  const page = await renderFindings({
    title: `Search: ${objective.tasks.join('+')} ${objective.wanted}`,
    verdict: verdictText(result),
    tables: tables.filter((table) => table !== null),
    tradeOff: tradeOffOf(result),
    command,
    saeval,
  })
  writeReport(page, join(folder, 'search.html'))
}

function plainArm(arm: Arm): object {
  const [sae_id, latent, action, strength, coefficient] = armCells(arm)
  return {
    sae_release: arm.candidate.reference.release,
    sae_id,
    latent,
    action,
    strength,
    coefficient,
    label: arm.candidate.label,
  }
}

function armCells({ candidate: { reference, latent }, action, strength, coefficient }: Arm) {
  return [reference.id, latent, action, strength ?? '', coefficient] as const
}

function steeringCsv({ candidate: { reference, latent, label }, action, coefficient }: Arm): string {
  const row = {
    line: 2,
    latent_idx: latent,
    steering_coefficient: coefficient,
    sae_release: reference.release,
    sae_id: reference.id,
    hook_action: action,
    description: label,
    clamp_value: null,
    refuse_id: null,
    extra: {},
  } as const
  return writeSteeringCsv([row])
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
