import { InputError, option, sentence } from '@saeval/hub'
import { cut } from '@saeval/hub/checks'
import type { ModelContext, ModelFactory, SteerableModel } from '@saeval/language-model'
import { describeSelection, type PositionSelection } from '@saeval/sae-core'
import { lowerVectors, type VectorEdit } from '@saeval/sae-core/internal/edits/lower-vectors'
import { atRow, inFile } from '../edits/place-in-file.js'
import { selectionArgument } from '../edits/steering-arguments.js'
import { checkEffects, effectLine, isEverywhere, type Trial } from '../effects/check-effects.js'
import { hookPointOfModule } from '../vectors/hook-module.js'
import { inLayers, layersArgument } from '../vectors/layer-place.js'
import { ignoredLines, type SteeredEntry, type SteeredFile } from '../vectors/steered-entry.js'
import { strengthened } from '../vectors/strengthened.js'
import { fileEnds, readVectors } from '../vectors/vector-formats.js'
import { describeChange } from './describe-change.js'
import { saeRecord } from './describe-edits.js'
import { openBase, splitArguments } from './open-base.js'
import { withSteering } from './with-steering.js'

/** What `--model steered` takes in --model_args, beside the arguments of the backend. */
export const steeredArguments = {
  pretrained: 'string',
  steer_path: 'string',
  scale: 'number',
  layers: 'words',
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
      sentence`${option('model')} steered needs ${option('modelArgs')} steer_path=…, a ${fileEnds().join(', ')} file or a folder of pyreft`,
    )
  const positions = selectionArgument(args)
  const layers = layersArgument(args.layers)
  const read = await readVectors(path, {
    baseName: pretrained,
    allowOtherModel: args.allow_other_model ?? false,
    layers,
    hub: context.hub,
  })
  const file = strengthened(inLayers(read, layers), args.scale ?? 1)
  if (positions !== null && file.entries.some((entry) => entry.positions !== undefined))
    throw new InputError(
      sentence`${path} says itself where its vectors act; leave positions and skip_positions out of ${option('modelArgs')}`,
    )
  for (const line of file.notices) context.notice(line)
  for (const line of ignoredLines(file)) context.notice(line, 'warning')
  const saes = [...new Set(file.entries.flatMap(({ sae }) => sae ?? []))]
  try {
    const base = await openBase(pretrained, split, context)
    try {
      return await steer(
        base,
        file,
        positions,
        args.scale ?? 1,
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

async function steer(
  base: SteerableModel,
  file: SteeredFile,
  positions: PositionSelection | null,
  scale: number,
  allowInert: boolean,
  context: ModelContext,
  saes: readonly object[],
) {
  if (file.modelType !== null && file.modelType !== base.family)
    context.notice(
      `${file.path} says that it was made for a model of type ${cut(file.modelType)}; this one is ${base.family}`,
      'warning',
    )
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
      change: entry.change,
      keepsNorm: entry.keepsNorm,
      head: entry.head,
      positions: entry.positions === undefined ? positions : entry.positions,
    }
    rows.push({ entry, edit, alone: await atRow(entry.place, null, async () => lower([edit])) })
  }
  const edits = rows.map(({ edit }) => edit)
  const trial: Trial = {
    path: file.path,
    rows: rows.map(({ entry, alone }) => ({
      place: entry.place,
      what: `${entry.record.action} ${entry.change.coefficient} of ${entry.origin}`,
      coefficientColumn: entry.sae === null ? null : 'steering_coefficient',
      alone: async () => alone,
      without: async () => [],
      isEverywhere: isEverywhere(alone),
    })),
    together: lower(edits),
    without: [],
    zero: lower(
      edits.flatMap(({ change, ...edit }) =>
        change.action === 'add' && !edit.keepsNorm ? [{ ...edit, change: { ...change, coefficient: 0 } }] : [],
      ),
    ),
  }
  const model = await inFile(file, async () => base.steer(trial.together))
  const check = await checkEffects(model, trial, allowInert)
  context.notice(effectLine(trial, check))
  const lines = rows.map(({ entry, edit }) => {
    const at = `${entry.place.path}${entry.place.line === undefined ? '' : `:${entry.place.line}`}`
    const head = entry.head === null ? '' : `, head ${entry.head}`
    const where = edit.positions === null ? '' : `, at ${describeSelection(edit.positions)}`
    return `${at}: ${describeChange(entry)}, at ${edit.hookPoint}${head}${where}`
  })
  const record = {
    steer_path: file.path,
    steer_sha256: file.sha256,
    rows: rows.map(({ entry, edit }) => ({
      ...entry.record,
      hook_point: edit.hookPoint,
      ...(entry.positions && edit.positions ? { acts_at: describeSelection(edit.positions) } : {}),
    })),
    ...(positions === null ? {} : { acts_at: describeSelection(positions) }),
    ...(scale === 1 ? {} : { scale }),
    saes,
    check,
  }
  const selecting = rows.map(({ entry, edit }) => ({
    place: entry.place,
    positions: edit.positions,
    isOwn: entry.positions !== undefined,
  }))
  return withSteering(model, { edits: lines, record, selecting, trial, allowInert })
}
