import { join } from 'node:path'
import { evaluatePrepared, type PreparedTask } from '@saeval/eval-harness'
import { InputError } from '@saeval/hub'
import { type LanguageModel, steerableOf } from '@saeval/language-model'
import { allowed } from '@saeval/steering/internal/verify/check'
import { generationSeed } from '../run-cell.js'
import { cardNames } from './card-file.js'
import { type CardSample, readCardSamples, sampleOf } from './card-samples.js'
import { compareAnswers } from './compare-answers.js'
import type { OpenCard } from './open-card.js'
import { otherMetrics } from './other-metrics.js'

/** What asking a task again has found. */
export interface CheckedTask {
  /** Label of the setting; "unsteered". */
  readonly setting: string
  readonly task: string
  readonly documents: number
  /** The largest difference, in nats a token; null where there was no number. */
  readonly largest: number | null
  /** What is allowed, in nats a token. */
  readonly allowed: number
  /** Texts that could not be compared, see ComparedAnswers. */
  readonly untold: number
  readonly differences: readonly string[]
}

/** Task -> document -> its lines, one for each filter. */
export type Told = ReadonlyMap<string, ReadonlyMap<number, readonly CardSample[]>>

/** The card's lines of the documents that are asked. Throws InputError where it names no samples of a task. */
export async function readSamplesOf(
  open: OpenCard,
  paths: Readonly<Record<string, string>>,
  tasks: readonly PreparedTask[],
): Promise<Told> {
  const told = new Map<string, Map<number, CardSample[]>>()
  for (const { task, asked } of tasks) {
    const { task: name, filters } = task.config
    const path = Object.hasOwn(paths, name) ? paths[name]! : null
    if (path === null) throw new InputError(`${join(open.folder, cardNames.card)} names no samples of task ${name}`)
    const wanted = new Set(asked.map(({ docId }) => docId))
    const own = new Map<number, CardSample[]>()
    for await (const sample of readCardSamples(open.file(path), task.docs.length * filters.length))
      if (wanted.has(sample.docId)) own.set(sample.docId, [...(own.get(sample.docId) ?? []), sample])
    told.set(name, own)
  }
  return told
}

/** What is asked again, and what the card has of it. */
export interface AskedAgain {
  readonly open: OpenCard
  readonly tasks: readonly PreparedTask[]
  readonly told: Told
  readonly isSameDevice: boolean
  readonly signal: AbortSignal | undefined
}

/** Asks a model the chosen documents, and compares. */
export async function askAgain(
  setting: string,
  model: LanguageModel,
  { open, tasks, told, isSameDevice, signal }: AskedAgain,
): Promise<CheckedTask[]> {
  const seed = generationSeed(open.run)
  const nodes = tasks.map(({ task }) => ({ kind: 'task', config: task.config }) as const)
  const { samples } = await evaluatePrepared(
    { nodes, tasks },
    { model, generationSeed: seed, bootstrapIterations: 0, ...(signal ? { signal } : {}) },
  )
  const tolerance = isSameDevice ? allowed.order : allowed.device
  const steerable = steerableOf(model)!
  const checked: CheckedTask[] = []
  for (const prepared of tasks) {
    const { task } = prepared.task.config
    const lines = samples.get(task)!.map((line) => sampleOf(line)!)
    const differences: string[] = []
    let largest: number | null = null
    let untold = 0
    for (const document of prepared.asked) {
      const { docId } = document
      const [expected] = told.get(task)!.get(docId) ?? []
      const [actual] = lines.filter((line) => line.docId === docId)
      if (expected === undefined) {
        differences.push(`document ${docId} has no line in the card's samples`)
        continue
      }
      const other = (['doc_hash', 'prompt_hash', 'target_hash', 'requests_hash'] as const).find(
        (name) => expected.hashes[name] !== actual!.hashes[name],
      )
      if (other !== undefined) {
        differences.push(`document ${docId} is another one here: ${other} differs`)
        continue
      }
      const compared = await compareAnswers(document, expected, actual!, {
        allowed: tolerance,
        isSameDevice,
        model,
        steerable,
        seed,
      })
      differences.push(...compared.differences)
      untold += compared.untold
      if (compared.largest !== null) largest = Math.max(largest ?? 0, compared.largest)
    }
    const found = new Map(lines.map((line) => [line.docId, line]))
    differences.push(...(await otherMetrics(prepared, told.get(task)!, model, found)))
    // a draw between two tokens that are nearly as likely falls otherwise now and then, and not often
    if (untold > 0.1 * prepared.asked.length)
      differences.push(`${untold} texts of ${prepared.asked.length} documents are other ones here`)
    checked.push({ setting, task, documents: prepared.asked.length, largest, allowed: tolerance, untold, differences })
  }
  return checked
}
