import type { ModelFactory } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import { lowerEdits, type Semantics, type SteeringEdit, semanticsNames } from '@saeval/sae-core'
import { checkEffects, effectLine, type Trial } from '../steering/check-effects.js'
import { type ScaledRow, scaleCoefficients } from '../steering/coefficient-units.js'
import { editLines, steeringRecord } from '../steering/describe-edits.js'
import { readFeaturesFile } from '../steering/features-file.js'
import { closeEdits, openEdits } from '../steering/open-edits.js'
import { inFile } from '../steering/place-in-file.js'
import { readSteeringFile, type SteeringFile } from '../steering/read-steering-file.js'
import { rowDefaults, steeringArguments } from '../steering/steering-arguments.js'
import { withSteering } from '../steering/with-steering.js'
import { readArguments } from './arguments.js'
import { modelArguments, openModel } from './open-model.js'

/** `--model sae_steered_beta --model_args base_name=…,csv_path=…`: a language model with edits along SAE latents. */
export const saeSteeredBeta: ModelFactory = async (given, context) => {
  const args = readArguments('sae_steered_beta', given, {
    base_name: 'text',
    csv_path: 'text',
    semantics: 'text',
    ...steeringArguments,
    ...modelArguments,
  })
  const { base_name: baseName, csv_path: csvPath, features_path: featuresPath } = args
  if (baseName === undefined)
    throw new InputError('--model sae_steered_beta needs --model_args base_name=…, the model to steer')
  if (csvPath === undefined)
    throw new InputError('--model sae_steered_beta needs --model_args csv_path=…, the CSV of edits')
  const semantics = semanticsArgument(args.semantics)
  const defaults = rowDefaults(args)
  const file = await readSteeringFile(csvPath)
  if (file.ignoredColumns.length > 0)
    context.notice(`${csvPath}: columns without meaning to saeval: ${file.ignoredColumns.join(', ')}`)
  const features =
    featuresPath === undefined ? null : { path: featuresPath, features: await readFeaturesFile(featuresPath) }
  const opened = await openEdits(file, {
    baseName,
    allowOtherModel: args.allow_other_model ?? false,
    positions: defaults.positions,
    hub: context.hub,
  })
  try {
    const base = await openModel(baseName, args, context)
    try {
      const rows = await scaleCoefficients(file, opened, { unit: defaults.unit, features, model: base })
      const trial = await inFile(csvPath, () => trialOf(file, rows, semantics, base.dHead))
      const steered = await inFile(csvPath, async () => base.steer(trial.together))
      const report = await checkEffects(steered, trial, args.allow_inert_rows ?? false)
      context.notice(effectLine(trial, report))
      const selecting = rows.map(({ row, edit }) => ({
        place: { path: csvPath, line: row.line },
        positions: edit.positions ?? null,
        isOwn: row.positions !== undefined || row.skip_positions !== undefined,
      }))
      const record = await steeringRecord(file, rows, semantics, report)
      return withSteering(steered, editLines(file, rows), record, selecting)
    } catch (error) {
      await base.close()
      throw error
    }
  } finally {
    await closeEdits(opened)
  }
}

function semanticsArgument(name = 'direct'): Semantics {
  const known = semanticsNames.find((candidate) => candidate === name)
  if (known !== undefined) return known
  throw new InputError(`--model_args: semantics is "${name}", expected ${semanticsNames.join(', ')}`)
}

/** The rows lowered together and each alone. */
async function trialOf(
  file: SteeringFile,
  rows: readonly ScaledRow[],
  semantics: Semantics,
  dHead: OnnxModel['dHead'],
): Promise<Trial> {
  const lower = (edits: readonly SteeringEdit[]) => lowerEdits(edits, { semantics, dHead })
  // pr2641 replaces the activation even where no latent is changed
  const inert = ({ sae }: SteeringEdit): SteeringEdit => ({ sae, action: 'scale', latent: 0, coefficient: 1 })
  const without = (edits: readonly SteeringEdit[]) => (semantics === 'pr2641' ? lower(edits.map(inert)) : [])
  const edits = rows.map(({ edit }) => edit)
  const together = await lower(edits)
  const adds = semantics === 'pr2641' ? [] : edits.filter(({ action }) => action === 'add')
  return {
    path: file.path,
    rows: await Promise.all(
      rows.map(async ({ row, edit }) => ({
        place: { path: file.path, line: row.line },
        what: `${row.hook_action} ${row.steering_coefficient} of latent ${row.latent_idx}`,
        coefficientColumn: 'steering_coefficient',
        alone: await lower([edit]),
        without: await without([edit]),
      })),
    ),
    together,
    without: await without(edits),
    zero: await lower(adds.map((edit) => ({ ...edit, coefficient: 0 }))),
  }
}
