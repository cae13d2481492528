import type { PreparedTask } from '@saeval/eval-harness'
import type { SteerableModel } from '@saeval/language-model'
import type { SaeFile } from '@saeval/sae-core'
import { lastTokens } from '@saeval/steering/internal/edits/last-tokens'
import type { LatentActivity } from '@saeval/steering/internal/ranking/latent-activity'
import { neutralTexts } from '@saeval/steering/internal/ranking/neutral-change'
import { documentTexts } from '../ranking/document-texts.js'
import { activityOn } from '../ranking/sparsities.js'
import type { DocumentMeter } from './document-meter.js'
import { inTurns, type SplitDocuments } from './split-documents.js'

/** Texts that are read at most: enough to see what is active in one of thousands. */
export const mostTexts = 512

/**
 * How active the latents of an SAE are where a search looks: on the neutral texts, and on what the unsteered model reads of the documents to choose on, of the
 * objective and the guards in turns, with what it writes to them; 512 texts at most. Each SAE is read once, which adds to the meter's tokens; `onRead` is told
 * of them.
 */
export function choosingActivity(
  base: SteerableModel,
  meter: DocumentMeter,
  documents: readonly SplitDocuments[],
  {
    signal,
    onRead = () => {},
  }: { readonly signal?: AbortSignal | undefined; readonly onRead?: (tokens: number) => void } = {},
): (sae: SaeFile) => Promise<LatentActivity> {
  const found = new Map<SaeFile, Promise<LatentActivity>>()
  let texts: Promise<readonly string[]> | null = null
  const read = async (sae: SaeFile) => {
    texts ??= choosingTexts(meter, documents)
    const own = await texts
    const tokens = own.reduce((sum, text) => sum + lastTokens(base, base.tokenizer.encode(text)).length, 0)
    meter.tokens += tokens
    onRead(tokens)
    return activityOn(base, { config: sae.config, tensors: await sae.load() }, own, signal)
  }
  return (sae) => {
    const known = found.get(sae) ?? read(sae)
    found.set(sae, known)
    return known
  }
}

async function choosingTexts(meter: DocumentMeter, documents: readonly SplitDocuments[]): Promise<readonly string[]> {
  const lists: string[][] = []
  for (const { choosing } of documents) {
    const tasks = meter.tasksOf(choosing)
    const isWritten = tasks.some(({ task }) => task.config.outputType === 'generate_until')
    const answers = isWritten ? await meter.unsteeredAnswers(choosing) : null
    lists.push(tasks.flatMap((task) => textsOf(task, answers?.get(task.task.config.task))))
  }
  return [...new Set([...neutralTexts, ...inTurns(lists)])].slice(0, mostTexts)
}

/** What is read of each document, with what is written to it. */
function textsOf(
  task: PreparedTask,
  answers: readonly { readonly answers: readonly (number | string)[] }[] | undefined,
): string[] {
  if (task.task.config.outputType !== 'generate_until') return documentTexts([task])
  return task.asked.map(({ requests: [request] }, index) => {
    const written = answers?.[index]?.answers[0]
    return `${request?.type === 'generate_until' ? request.context : ''}${typeof written === 'string' ? written : ''}`
  })
}
