import { type HubOptions, InputError, option, sentence } from '@saeval/hub'
import type { Explanation } from '@saeval/report'
import { type CsvSteering, openCsvSteering, readSteeringFile, saeSteeredBetaArguments } from '@saeval/steering'
import { documentValues } from '../documents/document-values.js'
import { type OpenRunOptions, openRun } from '../documents/open-run.js'
import { generationSeed } from '../run-cell.js'
import { answerMargins, type ChangedAnswer, changedAnswers, hasAnswers } from './changed-answers.js'
import type { ShapleyParts } from './shapley.js'
import { splitOverPositions, splitOverRows } from './split-changes.js'

export interface ExplainOptions extends Omit<OpenRunOptions<typeof saeSteeredBetaArguments>, 'name' | 'own'> {
  /** Changed answers that are split at most: those whose margins change most. */
  readonly most: number
  /** The command line and the program's version, for the record. */
  readonly command: string
  readonly saeval: string
  readonly hub?: HubOptions
  /** What is done, and how far that is (0 to 1). */
  readonly onStage?: (what: string, share: number) => void
}

/**
 * Why answers flipped: asks the tasks with and without the rows of csv_path, and splits the change of each changed answer's margin over the rows and
 * over groups of positions, by Shapley values. The margin is the log-probability of the unsteered model's answer above the steered model's. Throws
 * InputError for tasks that have no answers to hold against each other, and for what does not fit together.
 */
export async function explain(options: ExplainOptions): Promise<Explanation> {
  const { run, most, signal, onNotice = () => {}, onStage = () => {} } = options
  const open = await openRun({ ...options, name: 'sae_steered_beta', own: saeSteeredBetaArguments })
  let steering: CsvSteering | null = null
  try {
    const { base, baseName, args } = open
    const { csv_path: csv } = args
    if (csv === undefined)
      throw new InputError(sentence`${option('model_args')} needs csv_path=…, the CSV whose effect is explained`)
    const tasks = open.prepared.tasks.filter(hasAnswers)
    if (tasks.length === 0)
      throw new InputError(
        sentence`none of ${option('tasks')} has answers that could flip: only multiple_choice and generate_until have`,
      )
    steering = await openCsvSteering(
      baseName,
      await readSteeringFile(csv),
      { ...args, ...(run.allow_inert_rows ? { allow_inert_rows: true } : {}) },
      { hub: options.hub ?? {}, notice: onNotice },
    )
    const lowered = await steering.lower(base)
    const asked = { seed: generationSeed(run), signal }
    onStage('the unsteered model', 0)
    const before = await documentValues(tasks, base.steer([]), asked)
    onStage('the steered model', 0)
    const after = await documentValues(tasks, await lowered.steer(base), asked)
    const changed = changedAnswers(tasks, before, after)
    const [unsteered, steered] = [
      await answerMargins(base.steer([]), changed, signal),
      await answerMargins(base.steer(lowered.interventions), changed, signal),
    ]
    const moved = (index: number) => Math.abs(steered[index]! - unsteered[index]!)
    const answers = [...changed.keys()]
      // what has no probability at all has no parts
      .filter((index) => Number.isFinite(moved(index)))
      .sort((a, b) => moved(b) - moved(a) || a - b)
      .slice(0, most)
      .map((index) => changed[index]!)
    const split = { seed: asked.seed, signal }
    const rows = await splitOverRows(base, lowered, answers, {
      ...split,
      onProgress: (share) => onStage('parts of rows', share),
    })
    const positions = await splitOverPositions(base, lowered, answers, {
      ...split,
      onProgress: (share) => onStage('parts of positions', share),
    })
    const names = lowered.rows.map(
      ({ row }) =>
        `line ${row.line}: ${row.hook_action}${row.hook_action === 'ablate' ? '' : ` ${row.steering_coefficient}`} latent ${row.latent_idx}${row.description === null ? '' : ` (${row.description})`}`,
    )
    return {
      saeval: options.saeval,
      command: options.command,
      model: baseName,
      csv,
      seed: asked.seed,
      changed: changed.length,
      asked: tasks.reduce((sum, task) => sum + task.asked.length, 0),
      documents: answers.map((answer, index) =>
        documentOf(answer, named(rows[index]!, names), {
          ...positions[index]!,
          names: positions[index]!.groups.map(({ text }) => text),
        }),
      ),
    }
  } finally {
    await steering?.close()
    await open.close()
  }
}

interface NamedParts extends ShapleyParts {
  readonly names: readonly string[]
}

function named(parts: ShapleyParts, names: readonly string[]): NamedParts {
  return { ...parts, names }
}

function documentOf(
  { task, docId, before, after }: ChangedAnswer,
  rows: NamedParts,
  positions: NamedParts,
): Explanation['documents'][number] {
  const list = ({ parts, errors, names }: NamedParts) =>
    names.map((what, index) => ({ what, part: parts[index]!, error: errors?.[index] ?? null }))
  // of choices that are questions the continuation is always the same
  const [one, other] =
    before.context === after.context ? [before.continuation, after.continuation] : [before.context, after.context]
  return {
    task,
    doc_id: docId,
    before: { text: one, margin: rows.none },
    after: { text: other, margin: rows.all },
    rows: list(rows),
    positions: list(positions),
  }
}
