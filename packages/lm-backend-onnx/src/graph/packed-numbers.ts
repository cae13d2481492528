import type { Intervention } from '@saeval/sae-core'
import { jointShape, type StageShape } from './edit-shape.js'
import { type AssignedStage, assignedReaders, assignedStages } from './pack-edits.js'

/**
 * Numbers of the edit inputs of one batch row where rows have any of these settings: each is as wide as the widest setting's, at all hook points of
 * all. Those of a few bytes a slot are left out, and matrices of whole SAEs, which rows share.
 */
export function packedNumbers(settings: readonly (readonly Intervention[])[]): number {
  let sum = 0
  for (const [hookPoint, shapes] of jointShape(settings)) {
    const assigned = settings.map((interventions) =>
      assignedStages(shapes, interventions.find((item) => item.hookPoint === hookPoint)?.stages ?? []),
    )
    shapes.forEach((shape, index) => {
      const own = assigned.flatMap((stages) => stages[index] ?? []).map((stage) => assignedReaders(shape, stage))
      sum += stageNumbers(shape, own)
    })
  }
  return sum
}

function stageNumbers(shape: StageShape, stages: readonly AssignedStage[]): number {
  const most = (values: readonly number[]) => values.reduce((one, other) => Math.max(one, other), 0)
  const readers = shape.readers.map(({ whole }, index) => {
    const lists = stages.map(({ readers }) => readers[index]?.slots ?? [])
    const slots = most(lists.map(({ length }) => length))
    const widths = lists.flat().map(({ encoder, decoder }) => (whole ? 0 : encoder.length) + decoder.length)
    return { slots, numbers: slots * most(widths) }
  })
  const slots = readers.reduce((sum, reader) => sum + reader.slots, 0)
  const adds = most(stages.map(({ adds }) => adds.length))
  // an addend is there for every stage
  const vectors = stages.flatMap(({ addend, adds, readers }) => [
    addend?.length ?? 0,
    ...adds.map(({ vector }) => vector.length),
    ...readers.flatMap((reader) => (reader?.slots ?? []).map(({ decoder }) => decoder.length)),
  ])
  // which slot opens a gate of which update or addition
  const picks = shape.gates * slots * (shape.phases * slots + adds)
  return (1 + adds) * most(vectors) + readers.reduce((sum, { numbers }) => sum + numbers, 0) + picks
}
