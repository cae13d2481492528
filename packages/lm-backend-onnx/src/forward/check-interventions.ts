import { InputError } from '@saeval/hub'
import { type EditStage, type Intervention, readPoint, type WholeEncoder } from '@saeval/sae-core'
import type { Forward } from './forward.js'
import { checkHookPoints } from './hooks.js'

/** Every edit must have a hook point to act at, hook points before it to read, and vectors of their widths. Throws InputError. */
export function checkInterventions(forward: Forward, interventions: readonly Intervention[]): void {
  for (const { hookPoint, stages } of interventions) {
    checkHookPoints(forward, [hookPoint, ...stages.flatMap(readNames).map((name) => readPoint(name).hookPoint)])
    for (const stage of stages) {
      checkOrder(forward, hookPoint, stage)
      for (const [length, width] of lengthsOf(forward, hookPoint, stage)) {
        if (length === width) continue
        throw new InputError(
          `an edit at ${hookPoint} has vectors of ${length} numbers, but the model has ${width} there: the SAE was made for another model`,
        )
      }
    }
  }
}

function readNames({ readers, saeReplacement }: EditStage): string[] {
  return [...readers, ...(saeReplacement ? [saeReplacement] : [])].flatMap(({ readFrom }) => readFrom ?? [])
}

function checkOrder({ steps }: Forward, hookPoint: string, stage: EditStage): void {
  const stepOf = (name: string) => steps.findIndex((step) => step.hookPoint === name)
  for (const name of readNames(stage)) {
    const { hookPoint: read, arrives } = readPoint(name)
    const isThere = stepOf(read) < stepOf(hookPoint) || (arrives && read === hookPoint)
    if (!isThere) throw new InputError(`an edit at ${hookPoint} reads ${read}, which the model computes only after it`)
  }
}

/** The lengths of all vectors of a stage, each with the width of the activation it belongs to. */
function lengthsOf(
  { widths }: Forward,
  hookPoint: string,
  { addend, adds, readers, saeReplacement }: EditStage,
): (readonly [length: number, width: number])[] {
  const width = (from: string | null) => widths.get(from === null ? hookPoint : readPoint(from).hookPoint)!
  const vectors = [...(addend ? [addend] : []), ...adds.map(({ vector }) => vector)]
  const inputOf = ({ encoder, dSae }: WholeEncoder) => encoder.length / dSae
  return [
    ...vectors.map((vector) => [vector.length, width(saeReplacement?.readFrom ?? null)] as const),
    ...readers.flatMap(({ readFrom, whole, slots }) =>
      slots.flatMap(({ encoder, decoder }) => [
        [whole ? inputOf(whole) : encoder.length, width(readFrom)] as const,
        [decoder.length, width(null)] as const,
      ]),
    ),
    ...(saeReplacement
      ? [
          [inputOf(saeReplacement.encoder), width(saeReplacement.readFrom)] as const,
          [saeReplacement.decoder.bias.length, width(null)] as const,
        ]
      : []),
  ]
}
