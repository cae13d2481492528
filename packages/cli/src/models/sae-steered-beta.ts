import type { LanguageModel, ModelFactory } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import type { OnnxModel } from '@saeval/lm-backend-onnx'
import { lowerEdits } from '@saeval/sae-core'
import { checkEffects, effectLine } from '../steering/check-effects.js'
import { editLines, steeringRecord } from '../steering/describe-edits.js'
import { closeEdits, openEdits } from '../steering/open-edits.js'
import { readSteeringFile } from '../steering/read-steering-file.js'
import { readArguments } from './arguments.js'
import { modelArguments, openModel } from './open-model.js'

/** `--model sae_steered_beta --model_args base_name=…,csv_path=…`: a language model with edits along SAE latents. */
export const saeSteeredBeta: ModelFactory = async (given, context) => {
  const args = readArguments('sae_steered_beta', given, {
    base_name: 'text',
    csv_path: 'text',
    semantics: 'text',
    allow_other_model: 'truth',
    allow_inert_rows: 'truth',
    ...modelArguments,
  })
  const { base_name: baseName, csv_path: csvPath, semantics = 'direct' } = args
  if (baseName === undefined)
    throw new InputError('--model sae_steered_beta needs --model_args base_name=…, the model to steer')
  if (csvPath === undefined)
    throw new InputError('--model sae_steered_beta needs --model_args csv_path=…, the CSV of edits')
  if (semantics !== 'direct')
    throw new InputError(`--model_args: semantics=${semantics} is not supported yet; there is "direct"`)
  const file = await readSteeringFile(csvPath)
  if (file.ignoredColumns.length > 0)
    context.notice(`${csvPath}: columns without meaning to saeval: ${file.ignoredColumns.join(', ')}`)
  const rows = await openEdits(file, {
    baseName,
    allowOtherModel: args.allow_other_model ?? false,
    hub: context.hub,
  })
  try {
    const interventions = await inFile(csvPath, () => lowerEdits(rows.map(({ edit }) => edit)))
    const base = await openModel(baseName, args, context)
    try {
      const steered = await inFile(csvPath, async () => base.steer(interventions))
      const report = await checkEffects(steered, file, rows, interventions, args.allow_inert_rows ?? false)
      context.notice(effectLine(rows, report))
      return withSteering(steered, editLines(file, rows), await steeringRecord(file, rows, semantics, report))
    } catch (error) {
      await base.close()
      throw error
    }
  } finally {
    await closeEdits(rows)
  }
}

/** The model with its edits in its description. */
function withSteering(model: OnnxModel, edits: readonly string[], steering: object): LanguageModel {
  return {
    get info() {
      return { ...model.info, edits, provenance: { ...model.info.provenance, steering } }
    },
    chatTemplate: model.chatTemplate,
    loglikelihood: model.loglikelihood,
    loglikelihoodRolling: model.loglikelihoodRolling,
    generateUntil: model.generateUntil,
    close: model.close,
  }
}

/** Names the CSV in errors that only know the line. */
async function inFile<Value>(path: string, step: () => Promise<Value>): Promise<Value> {
  try {
    return await step()
  } catch (cause) {
    if (!InputError.isInstance(cause)) throw cause
    throw new InputError(`${path}: ${cause.message}`, { cause })
  }
}
