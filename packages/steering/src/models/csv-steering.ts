import { InputError, option, sentence } from '@saeval/hub'
import { cut } from '@saeval/hub/checks'
import type { MeasuredNumbers, ModelContext, SteerableModel } from '@saeval/language-model'
import type { Intervention, SaeFile, Semantics } from '@saeval/sae-core'
import { type CheckedEdit, checkEdit } from '@saeval/sae-core/internal/edits/check-edit'
import { lowerChecked } from '@saeval/sae-core/internal/edits/lower-edits'
import { overwrittenEdits } from '@saeval/sae-core/internal/edits/overwritten'
import { semanticsNames } from '@saeval/sae-core/internal/edits/steering-edit'
import type { SaeSteeredRow } from '@saeval/steering-csv'
import { headOf, type ScaledRow, scaleCoefficients } from '../edits/coefficient-units.js'
import { readFeaturesFile } from '../edits/features-file.js'
import {
  checkNormFactors,
  type NormFactorArguments,
  normFactorArguments,
  withKnownFactor,
} from '../edits/norm-factor.js'
import { closeEdits, type OpenRow, openEdits, saesOf } from '../edits/open-edits.js'
import { atRow, inFile, located, type RowPlace } from '../edits/place-in-file.js'
import { rowPlace, type SteeringFile } from '../edits/read-steering-file.js'
import { rowDefaults, steeringArguments } from '../edits/steering-arguments.js'
import { wholeRowLength } from '../edits/whole-row.js'
import { checkEffects, effectLine, firstOf, isEverywhere, type Trial, type TriedRow } from '../effects/check-effects.js'
import { editLines, steeringRecord } from './describe-edits.js'
import type { LoweredEdits, LowerOptions, Steering } from './steering.js'
import { withSteering } from './with-steering.js'

/** Arguments of a model that is steered with a CSV of edits along latents. */
export const csvSteeringArguments = { semantics: 'string', ...steeringArguments, ...normFactorArguments } as const

export interface CsvSteeringArguments extends NormFactorArguments {
  readonly semantics?: string
  readonly positions?: string | number
  readonly skip_positions?: string | number
  readonly unit?: string
  readonly features_path?: string
  readonly allow_other_model?: boolean
  readonly allow_inert_rows?: boolean
}

/** A CSV whose SAEs are open. */
export interface CsvSteering extends Steering {
  readonly file: SteeringFile
  lower(base: SteerableModel, options?: LowerOptions): Promise<LoweredSteering>
}

/** The rows of a CSV as plain numbers. */
export interface LoweredSteering extends LoweredEdits {
  /** Edits as the rows' own are lowered: some of the rows, or rows at other positions. */
  lowerEdits(edits: readonly CheckedEdit[]): Promise<Intervention[]>
}

/** Opens the SAEs of a steering CSV. Throws InputError with file, line and column. */
export async function openCsvSteering(
  baseName: string,
  file: SteeringFile,
  args: CsvSteeringArguments,
  { hub, notice, measured }: Pick<ModelContext, 'hub' | 'notice' | 'measured'>,
): Promise<CsvSteering> {
  const semantics = semanticsArgument(args.semantics)
  const defaults = rowDefaults(args)
  if (file.ignoredColumns.length > 0)
    notice(`${file.path}: columns without meaning to saeval: ${firstOf(file.ignoredColumns.map(cut))}`, 'warning')
  const { features_path: path } = args
  const allowInert = args.allow_inert_rows ?? false
  const features = path === undefined ? null : { path, features: await readFeaturesFile(path) }
  const opened = await openEdits(file, {
    baseName,
    allowOtherModel: args.allow_other_model ?? false,
    positions: defaults.positions,
    semantics,
    hub,
  })
  try {
    await inFile(file, async () => checkNormFactors(args, [...saesOf(opened)]))
  } catch (error) {
    await closeEdits(opened)
    throw error
  }
  return {
    file,
    hasCoefficients: file.rows.some(({ hook_action: action }) => action !== 'ablate'),
    lower: async (base, { coefficient = null } = {}) => {
      const known = await inFile(file, () => withFactors(opened, args, base, { notice, measured }), opened)
      const given = coefficient === null ? known : known.map((row) => withCoefficient(row, coefficient))
      // cells of a sweep hold what it makes of the rows, and a coefficient of 0 is for all of them
      if (!allowInert && file.cellPath === undefined && coefficient !== 0) checkOverwritten(file, given, semantics)
      const units = { unit: defaults.unit, features, model: base, measured }
      const rows = await inFile(file, () => scaleCoefficients(file, given, units), given)
      const trial = await inFile(file, () => trialOf(file, rows, semantics, base), rows)
      const lines = editLines(file, rows)
      const record = (report: Awaited<ReturnType<typeof checkEffects>>) => steeringRecord(file, rows, semantics, report)
      return {
        rows,
        lines,
        interventions: trial.together,
        trial,
        lowerEdits: (edits) => lowerChecked(edits, { semantics, dHead: base.dHead }),
        steer: async (model) => {
          const steered = await inFile(file, async () => model.steer(trial.together), rows)
          const report = await checkEffects(steered, trial, allowInert)
          notice(effectLine(trial, report))
          const selecting = rows.map(({ row, edit }) => ({
            place: rowPlace(file, row),
            positions: edit.positions ?? null,
            isOwn: row.positions !== undefined || row.skip_positions !== undefined,
          }))
          return withSteering(steered, {
            edits: lines,
            record: await record(report),
            selecting,
            trial,
            allowInert,
          })
        },
      }
    },
    close: () => closeEdits(opened),
  }
}

/** Throws InputError for a row that a later one undoes. */
function checkOverwritten(file: SteeringFile, rows: readonly OpenRow[], semantics: Semantics): void {
  const edits = rows.map(({ edit }) => edit)
  const [first] = overwrittenEdits(edits, semantics)
  if (first === undefined) return
  const [row, by] = [first.edit, first.by].map((edit) => rows[edits.indexOf(edit)]!.row) as [
    SaeSteeredRow,
    SaeSteeredRow,
  ]
  throw located(
    rowPlace(file, row),
    'hook_action',
    sentence`${row.hook_action} has no effect: line ${by.line} sets the same latent wherever this row acts; take one of the two out, or run with ${option('allow_inert_rows')}`,
  )
}

/** The rows with SAEs whose norm factors are known. */
async function withFactors(
  rows: readonly OpenRow[],
  args: NormFactorArguments,
  base: SteerableModel,
  { notice, measured }: { readonly notice: (line: string) => void; readonly measured: MeasuredNumbers | undefined },
): Promise<readonly OpenRow[]> {
  const known = new Map<SaeFile, SaeFile>()
  for (const sae of saesOf(rows)) known.set(sae, await withKnownFactor(sae, args, base, notice, measured))
  return rows.map(({ row, edit }) => ({
    row,
    edit: {
      ...edit,
      sae: known.get(edit.sae)!,
      ...(edit.condition ? { condition: { ...edit.condition, sae: known.get(edit.condition.sae)! } } : {}),
    },
  }))
}

function withCoefficient({ row, edit }: OpenRow, coefficient: number): OpenRow {
  if (edit.action === 'ablate') return { row, edit }
  return { row: { ...row, steering_coefficient: coefficient }, edit: { ...edit, coefficient } }
}

function semanticsArgument(name = 'direct'): Semantics {
  const known = semanticsNames.find((candidate) => candidate === name)
  if (known !== undefined) return known
  throw new InputError(sentence`${option('modelArgs')}: semantics is "${name}", expected ${semanticsNames.join(', ')}`)
}

/** The rows lowered together and each alone. */
async function trialOf(
  file: SteeringFile,
  rows: readonly ScaledRow[],
  semantics: Semantics,
  base: SteerableModel,
): Promise<Trial> {
  const { dHead } = base
  const lower = (edits: readonly CheckedEdit[]) => lowerChecked(edits, { semantics, dHead })
  // pr2641 replaces the activation even where no latent is changed
  const inert = ({ sae }: CheckedEdit) => checkEdit({ sae, action: 'scale', latent: 0, coefficient: 1 }, semantics)
  const without = (edits: readonly CheckedEdit[]) => (semantics === 'pr2641' ? lower(edits.map(inert)) : [])
  const edits = rows.map(({ edit }) => edit)
  const saes = [...saesOf(rows)]
  const kinds = new Map<string, boolean | null>()
  const tried: TriedRow[] = []
  for (const { row, edit } of rows) {
    const place = rowPlace(file, row)
    const { sae, condition, positions, head } = edit
    const [own, other] = [saes.indexOf(sae), condition && saes.indexOf(condition.sae)]
    const kind = [own, other, edit.action, positions === undefined, head === undefined].join()
    const ofKind = kinds.has(kind) ? kinds.get(kind)! : await addsEverywhere(await lower([edit]), place, base)
    kinds.set(kind, ofKind)
    tried.push({
      place,
      what: `${row.hook_action}${row.hook_action === 'ablate' ? '' : ` ${row.steering_coefficient} of`} latent ${row.latent_idx}`,
      coefficientColumn: 'steering_coefficient',
      alone: () => lower([edit]),
      without: async () => without([edit]),
      isEverywhere:
        ofKind && edit.coefficient !== 0 && (await wholeRowLength(sae, edit.latent, headOf(edit, base))) !== 0,
    })
  }
  const adds = semantics === 'pr2641' ? [] : edits.filter(({ action }) => action === 'add' || action === 'add_latent')
  return {
    path: file.setting === undefined ? file.path : `${file.path}, ${file.setting}`,
    rows: tried,
    together: await lower(edits),
    without: await without(edits),
    zero: await lower(adds.map((edit) => ({ ...edit, coefficient: 0 }))),
  }
}

/**
 * Whether the interventions of a row, and of others of its kind, add a vector everywhere; null where the model does not tell. Throws InputError where
 * the model does not have the row's hook points, with the SAE's widths.
 */
async function addsEverywhere(
  alone: readonly Intervention[],
  place: RowPlace,
  base: SteerableModel,
): Promise<boolean | null> {
  await atRow(place, 'sae_id', async () => base.steer(alone))
  const everywhere = isEverywhere(alone)
  return everywhere === null ? null : alone[0]!.stages[0]!.addend !== null
}
