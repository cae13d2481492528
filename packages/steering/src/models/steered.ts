import { extname } from 'node:path'
import { InputError, option, sentence } from '@saeval/hub'
import type { ModelContext, ModelFactory, SteerableModel } from '@saeval/language-model'
import { describeSelection, type PositionSelection } from '@saeval/sae-core'
import { lowerVectors, type VectorEdit } from '@saeval/sae-core/internal/edits/lower-vectors'
import { atRow, inFile } from '../edits/place-in-file.js'
import { selectionArgument } from '../edits/steering-arguments.js'
import { checkEffects, effectLine, isEverywhere, type Trial } from '../effects/check-effects.js'
import { hookPointOfModule } from '../vectors/hook-module.js'
import { type OpenSteeredOptions, openSteeredCsv } from '../vectors/read-steered-csv.js'
import { readSteeredSafetensors, readSteeredTorch } from '../vectors/read-steered-vectors.js'
import type { SteeredEntry, SteeredFile } from '../vectors/steered-entry.js'
import { saeRecord } from './describe-edits.js'
import { openBase, splitArguments } from './open-base.js'
import { withSteering } from './with-steering.js'

/** What `--model steered` takes in --model_args, beside the arguments of the backend. */
export const steeredArguments = {
  pretrained: 'string',
  steer_path: 'string',
  positions: 'words',
  skip_positions: 'words',
  allow_other_model: 'boolean',
  allow_inert_rows: 'boolean',
} as const

/** `--model steered --model_args pretrained=…,steer_path=…`: lm_eval's model of that name, steering with vectors at modules. */
export const steered: ModelFactory = async (given, context) => {
  const split = splitArguments('steered', given, steeredArguments)
  const args = split.own
  const { pretrained, steer_path: path } = args
  if (pretrained === undefined)
    throw new InputError(
      sentence`${option('model')} steered needs ${option('modelArgs')} pretrained=…, a Hugging Face model or a folder`,
    )
  if (path === undefined)
    throw new InputError(
      sentence`${option('model')} steered needs ${option('modelArgs')} steer_path=…, a .csv, .pt, .pth or .safetensors file`,
    )
  const positions = selectionArgument(args)
  const file = await openFile(path, {
    baseName: pretrained,
    allowOtherModel: args.allow_other_model ?? false,
    hub: context.hub,
  })
  for (const line of file.notices) context.notice(line)
  if (file.ignored.length > 0)
    context.notice(`${path}: without meaning to saeval: ${file.ignored.join(', ')}`, 'warning')
  const saes = [...new Set(file.entries.flatMap(({ sae }) => sae ?? []))]
  try {
    const base = await openBase(pretrained, split, context)
    try {
      return await steer(
        base,
        file,
        positions,
        args.allow_inert_rows ?? false,
        context,
        await Promise.all(saes.map(saeRecord)),
      )
    } catch (error) {
      await base.close()
      throw error
    }
  } finally {
    await Promise.all(saes.map((sae) => sae.close()))
  }
}

async function openFile(path: string, options: OpenSteeredOptions): Promise<SteeredFile> {
  switch (extname(path).toLowerCase()) {
    case '.csv':
      return openSteeredCsv(path, options)
    case '.pt':
    case '.pth':
      return readSteeredTorch(path)
    case '.safetensors':
      return readSteeredSafetensors(path)
    default:
      throw new InputError(`steer_path ${path} ends in none of .csv, .pt, .pth, .safetensors`)
  }
}

async function steer(
  base: SteerableModel,
  file: SteeredFile,
  positions: PositionSelection | null,
  allowInert: boolean,
  context: ModelContext,
  saes: readonly object[],
) {
  const rows: { readonly entry: SteeredEntry; readonly edit: VectorEdit; readonly alone: Trial['together'] }[] = []
  const lower = (edits: readonly VectorEdit[]) => lowerVectors(edits, { width: base.widthOf, dHead: base.dHead })
  for (const entry of file.entries) {
    const column = entry.sae === null ? null : 'hookpoint'
    const hasHead = entry.head !== null
    const hookPoint = await atRow(entry.place, column, async () => hookPointOfModule(entry.hookpoint, hasHead, base))
    if (hasHead && !hookPoint.endsWith('attn.hook_z'))
      await atRow(entry.place, entry.sae === null ? null : 'head_index', async () => {
        throw new InputError(`only attention has heads, and ${entry.hookpoint} is not attention`)
      })
    const edit: VectorEdit = {
      hookPoint,
      action: entry.action === 'add' ? 'add' : 'project_clamp',
      vector: entry.vector,
      coefficient: entry.coefficient,
      origin: entry.bias,
      head: entry.head,
      positions,
    }
    rows.push({ entry, edit, alone: await atRow(entry.place, null, async () => lower([edit])) })
  }
  const edits = rows.map(({ edit }) => edit)
  const trial: Trial = {
    path: file.path,
    rows: rows.map(({ entry, alone }) => ({
      place: entry.place,
      what: `${entry.action} ${entry.coefficient} of ${entry.origin}`,
      coefficientColumn: 'steering_coefficient',
      alone: async () => alone,
      without: async () => [],
      isEverywhere: isEverywhere(alone),
    })),
    together: lower(edits),
    without: [],
    zero: lower(edits.filter(({ action }) => action === 'add').map((edit) => ({ ...edit, coefficient: 0 }))),
  }
  const model = await inFile(file, async () => base.steer(trial.together))
  const check = await checkEffects(model, trial, allowInert)
  context.notice(effectLine(trial, check))
  const where = positions === null ? '' : `, at ${describeSelection(positions)}`
  const lines = rows.map(({ entry, edit }) => {
    const verb = entry.action === 'add' ? `add ${entry.coefficient} x` : `clamp to ${entry.coefficient} along`
    const at = `${entry.place.path}${entry.place.line === undefined ? '' : `:${entry.place.line}`}`
    return `${at}: ${verb} ${entry.origin}, at ${edit.hookPoint}${entry.head === null ? '' : `, head ${entry.head}`}${where}`
  })
  const record = {
    steer_path: file.path,
    steer_sha256: file.sha256,
    rows: rows.map(({ entry, edit }) => ({ ...entry.record, hook_point: edit.hookPoint })),
    ...(positions === null ? {} : { acts_at: describeSelection(positions) }),
    saes,
    check,
  }
  const selecting = rows.map(({ entry }) => ({ place: entry.place, positions, isOwn: false }))
  return withSteering(model, { edits: lines, record, selecting, trial, allowInert })
}
