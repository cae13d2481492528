import { basename } from 'node:path'
import { InputError, option, sentence } from '@saeval/hub'
import type { ControlKind, Parameters } from '@saeval/report'
import { located } from '@saeval/steering/internal/edits/place-in-file'
import {
  type HookAction,
  hookActions,
  parseSteeringCsv,
  type SaeSteeredRow,
  withAction,
  writeSteeringCsv,
} from '@saeval/steering-csv'

/** What a sweep varies. Every combination is a cell. */
export interface SweepAxes {
  /** Replaces every row's coefficient; null leaves the CSV's own. */
  readonly coefficients: readonly number[] | null
  /** Multiplies every row's own coefficient; not together with coefficients. */
  readonly scales: readonly number[] | null
  /** Replaces every row's action. */
  readonly actions: readonly string[] | null
  /** Replaces the latent of a CSV of one row. */
  readonly latents: readonly number[] | null
  /** Each row of a CSV is steered alone instead of all together. */
  readonly rowsSeparately: boolean
}

/** One combination: the steering CSV that a single run of it would read. */
export interface Cell {
  /** Folder name, unique in the sweep. */
  readonly id: string
  readonly parameters: Parameters
  readonly csv: string
  /** The CSV that the user wrote, and the line there of each row. */
  readonly source: { readonly path: string; readonly lines: readonly number[] }
  /** Whether it adds 0 and nothing else: the unsteered model, on purpose. */
  readonly addsNothing: boolean
  /** Which cell it is a control of; absent of the cells that are asked for. */
  readonly control?: { readonly of: string; readonly kind: ControlKind }
}

/** A steering CSV as the sweep varies it. */
export interface SweepCsv {
  readonly path: string
  readonly rows: readonly SaeSteeredRow[]
}

type Setting = { readonly parameters: Parameters; readonly rows: readonly SaeSteeredRow[]; readonly path: string }

/**
 * All cells of a sweep in the order of its axes: CSV, row, latent, action, coefficient. Throws InputError for axes that do not fit the CSVs, and for a
 * combination that is no valid steering CSV (clamp_above without clamp_value), naming it.
 */
export function sweepCells(files: readonly SweepCsv[], axes: SweepAxes): Cell[] {
  checkAxes(files, axes)
  const vary = <Value extends string | number>(
    settings: readonly Setting[],
    name: string,
    values: readonly Value[] | null,
    change: (row: SaeSteeredRow, value: Value) => SaeSteeredRow,
  ): readonly Setting[] =>
    values === null
      ? settings
      : settings.flatMap(({ parameters, rows, path }) =>
          values.map((value) => ({
            path,
            parameters: { ...parameters, [name]: value },
            rows: rows.map((row) => change(row, value)),
          })),
        )
  const start = files.flatMap(({ path, rows }): Setting[] => {
    const file = files.length > 1 ? { csv: nameOf(path, files) } : {}
    if (!axes.rowsSeparately) return [{ path, rows, parameters: file }]
    return rows.map((row) => ({ path, rows: [row], parameters: { ...file, line: row.line, latent: row.latent_idx } }))
  })
  const latents = vary(start, 'latent', axes.latents, (row, latent) => ({ ...row, latent_idx: latent }))
  const actions = vary(latents, 'action', axes.actions, (row, action) => withAction(row, action as HookAction))
  const scaled = vary(actions, 'scale', axes.scales, (row, scale) => ({
    ...row,
    steering_coefficient: Number((row.steering_coefficient * scale).toPrecision(12)),
  }))
  const settings = vary(scaled, 'coefficient', axes.coefficients, (row, coefficient) => ({
    ...row,
    steering_coefficient: coefficient,
  }))
  return uniqueCells(settings.map(cellOf))
}

/** The file's name; its path where another file has that name. */
function nameOf(path: string, files: readonly SweepCsv[]): string {
  return files.filter((file) => basename(file.path) === basename(path)).length > 1 ? path : basename(path)
}

function checkAxes(files: readonly SweepCsv[], axes: SweepAxes): void {
  if (files.length === 0) throw new InputError(sentence`a sweep needs a steering CSV: ${option('csv')}`)
  if (axes.coefficients && axes.scales)
    throw new InputError(
      sentence`${option('coefficients')} and ${option('scales')} both set the coefficients; give one of them`,
    )
  const empty = (['coefficients', 'scales', 'actions', 'latents'] as const).find((axis) => axes[axis]?.length === 0)
  if (empty !== undefined)
    throw new InputError(sentence`${option(empty)} names nothing; give it a value, or leave it out`)
  const unknown = axes.actions?.find((action) => !(hookActions as readonly string[]).includes(action))
  if (unknown !== undefined)
    throw new InputError(
      sentence`${option('actions')}: there is no action "${unknown}"; there are ${hookActions.join(', ')}`,
    )
  const wrong = axes.latents?.find((latent) => !Number.isInteger(latent) || latent < 0)
  if (wrong !== undefined)
    throw new InputError(sentence`${option('latents')}: ${wrong} is no latent; latents are whole numbers from 0`)
  const several = axes.latents && files.find(({ rows }) => rows.length > 1)
  if (several)
    throw new InputError(
      sentence`${option('latents')} needs a CSV of one row, whose latent it replaces; ${several.path} has ${several.rows.length}`,
    )
}

function cellOf({ path, rows, parameters }: Setting): Cell {
  checkRows(rows, path, settingText(parameters))
  const id = Object.entries(parameters).map(
    ([name, value]) => `${name}=${String(value).replace(/[^\p{L}\p{M}\p{N}_.+-]+/gu, '_')}`,
  )
  const adds = (action: HookAction) => action === 'add' || action === 'add_latent'
  const addsNothing = rows.every((row) => row.steering_coefficient === 0 && adds(row.hook_action))
  const source = { path, lines: rows.map(({ line }) => line) }
  return { id: id.join(',') || 'steered', parameters, csv: writeSteeringCsv(rows), source, addsNothing }
}

/** What a cell varies, without where its rows stand: "latent 7, coefficient -10". */
export function settingText(parameters: Parameters): string {
  return Object.entries(parameters)
    .filter(([name]) => name !== 'csv' && name !== 'line')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}

/** Throws InputError naming the lines of the user's CSV where a row with the cell's values is none that a run would take. */
function checkRows(rows: readonly SaeSteeredRow[], path: string, setting: string): void {
  // texts out of the way, a row is a line
  const checked = parseSteeringCsv(writeSteeringCsv(rows.map((row) => ({ ...row, description: null, extra: {} }))))
  if (checked.success) return
  const messages = checked.problems.map(({ line, column, message }) => {
    const place = { path, line: rows[line - 2]!.line, ...(setting === '' ? {} : { entry: setting }) }
    return located(place, column, message).message
  })
  throw new InputError(messages.join('\n'))
}

/** Names that differ in signs only, or in upper and lower case, which some file systems do not tell apart, would share a folder. */
function uniqueCells(cells: readonly Cell[]): Cell[] {
  const seen = new Map<string, number>()
  return cells.map((cell) => {
    const name = cell.id.toLowerCase()
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? cell : { ...cell, id: `${cell.id},${count}` }
  })
}
