import type { PreparedTask } from '@saeval/eval-harness'
import { InputError, type Notice, option, sentence } from '@saeval/hub'
import type { SteerableModel } from '@saeval/language-model'
import type { ControlKind } from '@saeval/report'
import type { SaeFile } from '@saeval/sae-core'
import type { CsvSteering, SteeringFile } from '@saeval/steering'
import { parseSteeringCsv, type SaeSteeredRow, writeSteeringCsv } from '@saeval/steering-csv'
import { cellFile } from '../steering-files.js'
import type { Cell } from '../sweep-cells.js'
import { latentFacts } from './latent-facts.js'
import { type LatentFacts, matchedLatents, type ReplacedLatent } from './matched-latents.js'

export interface ControlCellOptions {
  readonly base: SteerableModel
  /** Opens the rows of a cell; to be closed. */
  readonly steering: (cell: Cell, file: SteeringFile) => Promise<CsvSteering>
  /** Documents on which densities of latents are measured. */
  readonly texts: readonly PreparedTask[]
  /** Of random latents and of random directions, each. */
  readonly count: number
  readonly seed: number
  /** Text of the CSV that a cell of this id has already; null where it has none. Latents that were drawn before stay. */
  readonly before: (id: string) => string | null
  readonly signal?: AbortSignal
  readonly onNotice?: Notice
}

/** Controls of one cell: as many of random latents and of random directions, and one with the sign flipped. */
export function controlsOf(cell: Cell, count: number): number {
  return cell.addsNothing ? 0 : 2 * count + 1
}

/**
 * The controls of cells, as cells: every row with a random latent that matches its own in density and decoder norm, or with a random direction of the same
 * length in place of its decoder row, and once all rows with the other sign. Action and strength are the cell's own; coefficients in natural units are written as
 * plain numbers. The same seed gives the same controls, and latents that a folder has stay. Cells that add nothing have none; a sign that changes nothing has no control. Throws InputError where an
 * SAE has too few latents.
 */
export async function controlCells(cells: readonly Cell[], options: ControlCellOptions): Promise<Cell[]> {
  const facts = new Map<string, Promise<LatentFacts>>()
  const factsOf = (sae: SaeFile) => {
    const key = saeKey(sae)
    const found = facts.get(key) ?? latentFacts(options.base, sae, options.texts, options.signal)
    facts.set(key, found)
    return found
  }
  const found: Cell[] = []
  const silent = new Set<string>()
  for (const cell of cells) {
    if (cell.addsNothing) continue
    options.signal?.throwIfAborted()
    const steering = await options.steering(cell, cellFile(cell))
    try {
      const { rows } = await steering.lower(options.base)
      const plain = rows.map(({ row, edit }): SaeSteeredRow => {
        const { unit: _, max_activation: __, ...rest } = row
        return { ...rest, steering_coefficient: edit.coefficient, description: null }
      })
      const kept = Array.from({ length: options.count }, (_, at) =>
        latentsIn(options.before(idOf(cell, latentName(at))), plain),
      )
      const replaced = async () => {
        const list: ReplacedLatent[] = []
        for (const { row, edit } of rows) {
          const own = { sae: saeKey(edit.sae), latent: writtenBy(row), facts: await factsOf(edit.sae) }
          if (own.facts.density[own.latent] === 0) silent.add(`${own.latent} of ${edit.sae.reference.id}`)
          list.push(own)
        }
        return list
      }
      const all = kept.filter((list) => list !== undefined)
      const matches =
        all.length === options.count ? all : matchedLatents(await replaced(), options.count, options.seed, kept)
      if (matches.length < options.count)
        throw new InputError(
          sentence`${option('controls')} ${options.count}: the SAE has latents for ${matches.length} controls of ${cell.id} only, since each row needs another one that is active on the documents and that the cell does not steer; take fewer controls or more documents`,
        )
      const flipped = plain.map(withOtherSign)
      for (const { kind, name, at } of controlNames(options.count)) {
        if (kind === 'flipped sign' && flipped.every((row, index) => row === plain[index])) continue
        const changed = {
          'random latents': () => plain.map((row, index) => withLatent(row, matches[at]![index]!)),
          'random directions': () => plain.map((row) => ({ ...row, random_direction: options.seed + at })),
          'flipped sign': () => flipped,
        }[kind]()
        found.push(controlCell(cell, { kind, name, csv: writeSteeringCsv(changed) }))
      }
    } finally {
      await steering.close()
    }
  }
  for (const latent of silent)
    options.onNotice?.(
      `latent ${latent} is never active on the documents: its random latents match it in decoder norm alone`,
      'warning',
    )
  return found
}

/** The controls of cells whose CSVs have been drawn before: `csvOf` gives them by id, and null for those that were not drawn. */
export function drawnControls(cells: readonly Cell[], count: number, csvOf: (id: string) => string | null): Cell[] {
  return cells.flatMap((cell) =>
    controlNames(cell.addsNothing ? 0 : count).flatMap(({ kind, name }) => {
      const csv = csvOf(idOf(cell, name))
      return csv === null ? [] : [controlCell(cell, { kind, name, csv })]
    }),
  )
}

/** What controls of a cell are called; `at` counts those of a kind. */
function controlNames(count: number): { readonly kind: ControlKind; readonly name: string; readonly at: number }[] {
  if (count === 0) return []
  const numbers = Array.from({ length: count }, (_, at) => at)
  return [
    ...numbers.map((at) => ({ kind: 'random latents' as const, name: latentName(at), at })),
    ...numbers.map((at) => ({ kind: 'random directions' as const, name: `direction ${at + 1}`, at })),
    { kind: 'flipped sign' as const, name: 'flipped', at: 0 },
  ]
}

function controlCell(
  cell: Cell,
  { kind, name, csv }: { readonly kind: ControlKind; readonly name: string; readonly csv: string },
): Cell {
  const parameters = { ...cell.parameters, control: name }
  return { ...cell, id: idOf(cell, name), parameters, csv, control: { of: cell.id, kind } }
}

function saeKey({ reference: { release, id } }: SaeFile): string {
  return JSON.stringify([release, id])
}

function idOf({ id }: Cell, control: string): string {
  return `${id},control=${control.replaceAll(' ', '_')}`
}

function latentName(at: number): string {
  return `latent ${at + 1}`
}

/** The latents of a control's CSV, if it is one of these rows. */
function latentsIn(csv: string | null, plain: readonly SaeSteeredRow[]): number[] | undefined {
  const parsed = csv === null ? null : parseSteeringCsv(csv)
  if (csv === null || !parsed?.success || parsed.dialect !== 'sae_steered_beta') return undefined
  const latents = parsed.rows.map(writtenBy)
  if (latents.length !== plain.length) return undefined
  return writeSteeringCsv(plain.map((row, index) => withLatent(row, latents[index]!))) === csv ? latents : undefined
}

/** The latent that a row changes. */
function writtenBy({ hook_action: action, latent_idx: latent, refuse_id: other }: SaeSteeredRow): number {
  return action === 'clamp_refusal' ? other! : latent
}

function withLatent(row: SaeSteeredRow, latent: number): SaeSteeredRow {
  return row.hook_action === 'clamp_refusal' ? { ...row, refuse_id: latent } : { ...row, latent_idx: latent }
}

/**
 * The row with the opposite effect: the coefficient's sign, or for a factor m the factor 2 - m, which changes the latent by as much. A cap has none and
 * stays.
 */
function withOtherSign(row: SaeSteeredRow): SaeSteeredRow {
  const { hook_action: action, steering_coefficient: coefficient } = row
  if (action === 'ablate') return { ...row, hook_action: 'scale', steering_coefficient: 2 }
  if (action === 'scale' || action === 'project_scale') return { ...row, steering_coefficient: 2 - coefficient }
  return coefficient === 0 || action === 'project_cap' ? row : { ...row, steering_coefficient: -coefficient }
}
