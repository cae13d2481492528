import type { EditStage, Intervention, Membership, RuntimeNormalization, WholeEncoder } from '@saeval/sae-core'

/** An SAE whose whole encoder is a graph input; see WholeEncoder. */
export interface WholeShape {
  readonly key: string
  readonly dSae: number
  readonly membership: Membership
}

/** How one SAE reads an activation; see LatentReader. */
export interface ReadingShape {
  readonly readFrom: string | null
  readonly normalization: RuntimeNormalization
  readonly scalesOutput: boolean
}

export interface ReaderShape extends ReadingShape {
  readonly whole: WholeShape | null
}

export interface SaeReplacementShape extends ReadingShape {
  readonly kind: 'pr2641' | 'fork'
  readonly whole: WholeShape
  readonly restoresMean: boolean
  readonly centres: boolean
}

/** The part of a stage that the graph is built for; everything else about an edit is a graph input. */
export interface StageShape {
  readonly readers: readonly ReaderShape[]
  /** Number of update phases; 0 for a stage that only adds. */
  readonly phases: number
  /** Most gates of an update or addition. */
  readonly gates: number
  /** Whether there are additions with gates or positions. */
  readonly adds: boolean
  /** Whether any part of it selects positions. */
  readonly selects: boolean
  readonly gatesRead: EditStage['gatesRead']
  readonly saeReplacement: SaeReplacementShape | null
  /** Whether x is taken away at some tokens. */
  readonly drops: boolean
  readonly keepsNorm: boolean
}

/** Hook point -> its stages in order. Two sets of edits of one shape share a session. */
export type EditShape = ReadonlyMap<string, readonly StageShape[]>

/** The shape of one set of edits. */
export function editShape(interventions: readonly Intervention[]): EditShape {
  const shape = new Map<string, readonly StageShape[]>()
  for (const { hookPoint, stages } of interventions) {
    if (shape.has(hookPoint)) throw new Error(`two interventions at ${hookPoint}`)
    shape.set(hookPoint, stages.map(stageShape))
  }
  return shape
}

export function stageShape(stage: EditStage): StageShape {
  const { readers, phases, adds, gatesRead, saeReplacement, drops, keepsNorm } = stage
  const parts = [...adds, ...phases.flat()]
  return {
    readers: readers.map(({ readFrom, normalization, scalesOutput, whole }) => ({
      readFrom,
      normalization,
      scalesOutput,
      whole: whole && wholeShape(whole),
    })),
    phases: phases.length,
    gates: Math.max(0, ...parts.map((part) => part.gates.length)),
    adds: adds.length > 0,
    selects:
      [...parts, ...(drops ? [drops] : [])].some(({ positions }) => positions !== null) ||
      (saeReplacement?.positions ?? null) !== null,
    drops: drops !== undefined,
    keepsNorm: keepsNorm ?? false,
    gatesRead,
    saeReplacement: saeReplacement && {
      kind: saeReplacement.kind,
      readFrom: saeReplacement.readFrom,
      normalization: saeReplacement.normalization,
      scalesOutput: saeReplacement.scalesOutput,
      restoresMean: saeReplacement.decoder.restoresMean,
      centres: saeReplacement.centres,
      whole: wholeShape(saeReplacement.encoder),
    },
  }
}

function wholeShape({ key, dSae, membership }: WholeEncoder): WholeShape {
  return { key, dSae, membership }
}

/** A shape that has room for every one of the settings: stage by stage of the one that uses a hook point most. */
export function jointShape(settings: readonly (readonly Intervention[])[]): EditShape {
  const joint = new Map<string, readonly StageShape[]>()
  for (const shape of settings.map(editShape)) {
    for (const [hookPoint, stages] of shape) {
      const known = joint.get(hookPoint) ?? []
      if (assignStages(known, stages) !== null) continue
      joint.set(hookPoint, assignStages(stages, known) !== null ? stages : [...known, ...stages])
    }
  }
  return joint
}

/** Whether a graph built for `available` can apply edits of shape `wanted` and computes no whole SAE in vain. */
export function serves(available: EditShape, wanted: EditShape): boolean {
  const fits = [...wanted].every(([hookPoint, stages]) => assignStages(available.get(hookPoint) ?? [], stages) !== null)
  const needed = wholeKeys(wanted)
  return fits && [...wholeKeys(available)].every((key) => needed.has(key))
}

/** Whether the graph takes the mask of selected tokens. */
export function selectsPositions(shape: EditShape): boolean {
  return [...shape.values()].flat().some((stage) => stage.selects)
}

/** Whether the graph decides token by token where additions are made, and counts where it does; those of a saeReplacement go through its SAE. */
export function countsAdds({ adds, gates, readers, selects, saeReplacement }: StageShape): boolean {
  return adds && saeReplacement === null && (selects || (gates > 0 && readers.length > 0))
}

/** Whether the graph counts at how many tokens edits act; it then takes the mask of tokens that count. */
export function countsTokens(shape: EditShape): boolean {
  return [...shape.values()].flat().some((stage) => (stage.readers.length > 0 && stage.phases > 0) || countsAdds(stage))
}

/** What stages read elsewhere than where they act, by the names of `readFrom`. */
export function readHookPoints(shape: EditShape): Set<string> {
  const readings = [...shape.values()]
    .flat()
    .flatMap(({ readers, saeReplacement }) => [...readers, ...(saeReplacement ? [saeReplacement] : [])])
  return new Set(readings.flatMap(({ readFrom }) => readFrom ?? []))
}

function wholeKeys(shape: EditShape): Set<string> {
  const stages = [...shape.values()].flat()
  return new Set(
    stages.flatMap(({ readers, saeReplacement }) => [
      ...readers.flatMap(({ whole }) => whole?.key ?? []),
      ...(saeReplacement ? [saeReplacement.whole.key] : []),
    ]),
  )
}

/** For each wanted stage the index of the built stage that computes it, order kept; null when they do not fit. */
export function assignStages(available: readonly StageShape[], wanted: readonly StageShape[]): number[] | null {
  return inOrder(available, wanted, fits)
}

/** The same for the readers inside a stage. */
export function assignReaders(available: readonly ReaderShape[], wanted: readonly ReaderShape[]): number[] | null {
  return inOrder(available, wanted, same)
}

function inOrder<Item>(
  available: readonly Item[],
  wanted: readonly Item[],
  fit: (available: Item, wanted: Item) => boolean,
): number[] | null {
  const indices: number[] = []
  let next = 0
  for (const item of wanted) {
    while (next < available.length && !fit(available[next]!, item)) next++
    if (next === available.length) return null
    indices.push(next++)
  }
  return indices
}

function fits(available: StageShape, wanted: StageShape): boolean {
  return (
    available.phases >= wanted.phases &&
    available.gates >= wanted.gates &&
    (available.adds || !wanted.adds) &&
    (available.selects || !wanted.selects) &&
    (available.drops || !wanted.drops) &&
    available.keepsNorm === wanted.keepsNorm &&
    (available.gatesRead === wanted.gatesRead || wanted.phases === 0) &&
    same(available.saeReplacement, wanted.saeReplacement) &&
    assignReaders(available.readers, wanted.readers) !== null
  )
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
