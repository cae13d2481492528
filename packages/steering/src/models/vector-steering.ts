import { InputError, option, sentence } from '@saeval/hub'
import type { ModelContext, SteerableModel } from '@saeval/language-model'
import { describeSelection, type PositionSelection } from '@saeval/sae-core'
import { lowerVectors, type VectorEdit } from '@saeval/sae-core/internal/edits/lower-vectors'
import { atRow, inFile } from '../edits/place-in-file.js'
import { selectionArgument } from '../edits/steering-arguments.js'
import { checkEffects, effectLine, isEverywhere, type Trial } from '../effects/check-effects.js'
import { hookPointOfModule } from '../vectors/hook-module.js'
import { inLayers, layersArgument } from '../vectors/layer-place.js'
import { ignoredLines, type SteeredEntry, type SteeredFile } from '../vectors/steered-entry.js'
import { strengthened } from '../vectors/strengthened.js'
import { readVectors } from '../vectors/vector-formats.js'
import { hasCoefficient, withCoefficient } from '../vectors/with-coefficient.js'
import { describeChange } from './describe-change.js'
import { saeRecord } from './describe-edits.js'
import type { LoweredEdits, Steering } from './steering.js'
import { withSteering } from './with-steering.js'

export interface VectorSteeringArguments {
  readonly scale?: number
  readonly layers?: string | number
  readonly positions?: string | number
  readonly skip_positions?: string | number
  readonly allow_other_model?: boolean
  readonly allow_inert_rows?: boolean
}

/** A file of vectors. */
export interface VectorSteering extends Steering {
  readonly file: SteeredFile
}

/** Reads a file or folder of vectors, and opens the SAEs that it names. Throws InputError for what cannot be read or does not fit the arguments. */
export async function openVectorSteering(
  pretrained: string,
  path: string,
  args: VectorSteeringArguments,
  { hub, notice }: Pick<ModelContext, 'hub' | 'notice'>,
): Promise<VectorSteering> {
  const positions = selectionArgument(args)
  const layers = layersArgument(args.layers)
  const { scale = 1 } = args
  const read = await readVectors(path, {
    baseName: pretrained,
    allowOtherModel: args.allow_other_model ?? false,
    layers,
    hub,
  })
  const file = strengthened(inLayers(read, layers), scale)
  if (positions !== null && file.entries.some((entry) => entry.positions !== undefined))
    throw new InputError(
      sentence`${path} says itself where its vectors act; leave positions and skip_positions out of ${option('modelArgs')}`,
    )
  for (const line of file.notices) notice(line)
  for (const line of ignoredLines(file)) notice(line, 'warning')
  const saes = [...new Set(file.entries.flatMap(({ sae }) => sae ?? []))]
  return {
    file,
    hasCoefficients: file.entries.some(hasCoefficient),
    lower: async (base, { coefficient = null } = {}) => {
      if (coefficient !== null && scale !== 1)
        throw new InputError(
          sentence`${option('coefficients')} replaces what scale=${scale} in ${option('modelArgs')} has made; leave one of them out`,
        )
      const own = coefficient === null ? file : withCoefficient(file, coefficient)
      const allowInert = args.allow_inert_rows ?? false
      return lowerVectorFile(own, {
        base,
        positions,
        scale,
        allowInert,
        notice,
        saes: () => Promise.all(saes.map(saeRecord)),
      })
    },
    close: async () => {
      await Promise.all(saes.map((sae) => sae.close()))
    },
  }
}

interface Lowering {
  readonly base: SteerableModel
  /** Those of the arguments. */
  readonly positions: PositionSelection | null
  readonly scale: number
  readonly allowInert: boolean
  readonly notice: ModelContext['notice']
  /** What results.json records of the SAEs. */
  readonly saes: () => Promise<readonly object[]>
}

async function lowerVectorFile(
  file: SteeredFile,
  { base, positions, scale, allowInert, notice, saes }: Lowering,
): Promise<LoweredEdits> {
  const rows: { readonly entry: SteeredEntry; readonly edit: VectorEdit; readonly alone: Trial['together'] }[] = []
  const lower = (edits: readonly VectorEdit[]) => lowerVectors(edits, { width: base.widthOf, dHead: base.dHead })
  for (const entry of file.entries) {
    const edit = {
      ...(await placed(entry, base)),
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
  const lines = rows.map(({ entry, edit }) => {
    const at = `${entry.place.path}${entry.place.line === undefined ? '' : `:${entry.place.line}`}`
    const head = entry.head === null ? '' : `, head ${entry.head}`
    const where = edit.positions === null ? '' : `, at ${describeSelection(edit.positions)}`
    return `${at}: ${describeChange(entry)}, at ${edit.hookPoint}${head}${where}`
  })
  return {
    rows: [],
    lines,
    interventions: trial.together,
    trial,
    steer: async (model) => {
      const steered = await inFile(file, async () => model.steer(trial.together))
      const check = await checkEffects(steered, trial, allowInert)
      notice(effectLine(trial, check))
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
        saes: await saes(),
        check,
      }
      const selecting = rows.map(({ entry, edit }) => ({
        place: entry.place,
        positions: edit.positions,
        isOwn: entry.positions !== undefined,
      }))
      return withSteering(steered, { edits: lines, record, selecting, trial, allowInert })
    },
  }
}

/** The edit of an entry at the model's hook point. Throws InputError for a place or a head that the model does not have. */
async function placed(entry: SteeredEntry, base: SteerableModel): Promise<Omit<VectorEdit, 'positions'>> {
  const { place, sae, head, hookpoint, change, keepsNorm } = entry
  const hasHead = head !== null
  const column = sae === null ? null : 'hookpoint'
  const hookPoint = await atRow(place, column, async () => hookPointOfModule(hookpoint, hasHead, base))
  if (hasHead && !hookPoint.endsWith('attn.hook_z'))
    await atRow(place, sae === null ? null : 'head_index', async () => {
      throw new InputError(`only attention has heads, and ${hookpoint} is not attention`)
    })
  return { hookPoint, change, keepsNorm, head }
}
