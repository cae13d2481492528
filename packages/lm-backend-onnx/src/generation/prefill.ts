import type { Forward } from '../forward/forward.js'
import type { HiddenStates } from '../forward/hidden-states.js'
import type { KvCache, KvParts } from '../forward/kv-cache.js'
import { type MaskedIds, sideBySide } from '../forward/pass-layout.js'
import type { RowEdits } from '../forward/ready-edits.js'
import { prefillPacks } from './prefill-packs.js'
import type { RunningRow, RunningRows } from './running-rows.js'
import type { SharedRange } from './shared-beginnings.js'

/** What computing prompts needs. */
export interface PrefillParts {
  readonly forward: Forward
  readonly edits: RowEdits
  /** The prompts and their masks. */
  readonly texts: readonly PromptText[]
  readonly signal?: AbortSignal | undefined
  /** Told of tokens that are computed for a setting. */
  readonly onComputed: (tokens: number, setting: number) => void
}

/** A prompt, or a part of one, under a setting (its index). */
export interface PromptText extends MaskedIds {
  readonly setting: number
}

/** Computes a range that prompts share, after `past`: the cache of both together, which the caller owns. */
export async function prefillRange(
  parts: PrefillParts,
  { prompt, from, to }: SharedRange,
  past: KvCache | null,
): Promise<KvCache> {
  const cache = parts.forward.cache.make(1, to)
  try {
    const hidden = await computeText(parts, slice(parts.texts[prompt]!, from, to), past, cache)
    hidden.dispose()
    return cache
  } catch (error) {
    cache.dispose()
    throw error
  }
}

/**
 * Computes rows' own prompts after `past`, which they all come after, into their places. `each` is called with the hidden states of the last tokens
 * of some of the rows, which it owns, until all had their turn.
 */
export async function prefillRows(
  parts: PrefillParts,
  running: RunningRows,
  rows: readonly RunningRow[],
  past: KvCache | null,
  each: (hidden: HiddenStates, rows: readonly RunningRow[]) => Promise<void>,
): Promise<void> {
  const { limits, spec, continues } = parts.forward
  const before = past?.length ?? 0
  const columns = limits.columns(before)
  const texts = rows.map(({ prompt, start }) => slice(parts.texts[prompt]!, start))
  const packs = prefillPacks(
    texts.map(({ ids }) => ids.length),
    before,
    {
      columns: continues ? columns : Number.POSITIVE_INFINITY,
      tokens: 2 * columns,
      cells: limits.cells,
      sideBySide: !spec.rowsAreTexts,
    },
  )
  for (const pack of packs) {
    const members = pack.flat().map((index) => rows[index]!)
    const hidden = await computePack(
      parts,
      pack.map((row) => row.map((index) => texts[index]!)),
      past,
      (places) => running.partsFor(members, places),
    )
    await each(hidden, members)
  }
}

/** Row and column of a text's first token in what a run would keep. */
type Place = readonly [row: number, at: number]

/** Computes rows of texts side by side; gives the hidden state of each text's last token. */
async function computePack(
  parts: PrefillParts,
  pack: readonly (readonly PromptText[])[],
  past: KvCache | null,
  keepAt: (places: readonly Place[]) => KvParts,
): Promise<HiddenStates> {
  const { forward, edits, signal, onComputed } = parts
  const before = past?.length ?? 0
  if (pack.length === 1 && pack[0]!.length === 1) return computeText(parts, pack[0]![0]!, past, keepAt([[0, before]]))
  signal?.throwIfAborted()
  const layout = sideBySide(pack, before)
  const places: Place[] = []
  const gather: number[] = []
  pack.forEach((texts, row) => {
    let column = 0
    for (const { ids } of texts) {
      places.push([row, before + column])
      column += ids.length
      gather.push(row * layout.columns + column - 1)
    }
  })
  const everyColumn = Array.from({ length: before }, (_, column) => column)
  const spread =
    past !== null && pack.length > 1 ? forward.cache.pick(past, Array(pack.length).fill(0), everyColumn) : null
  // what stands side by side in a row comes after a beginning of one setting
  const settings = pack.map(([first]) => first!.setting)
  const hidden = forward.body(edits.of(settings), layout, gather, { past: spread ?? past, keep: keepAt(places) })
  spread?.dispose()
  await computed(hidden)
  for (const [row, setting] of settings.entries()) onComputed(layout.lengths[row]!, setting)
  return hidden
}

/** Computes one text, in pieces where it is long; gives the hidden state of its last token. */
async function computeText(
  { forward, edits, signal, onComputed }: PrefillParts,
  text: PromptText,
  past: KvCache | null,
  keep: KvCache | KvParts,
): Promise<HiddenStates> {
  const before = past?.length ?? 0
  let cache = past
  try {
    for (let from = 0; ; ) {
      signal?.throwIfAborted()
      const piece = forward.continues ? forward.limits.columns(before + from) : Number.POSITIVE_INFINITY
      const part = slice(text, from, Math.min(text.ids.length, from + piece))
      const { length } = part.ids
      const next = from + length < text.ids.length ? forward.cache.make(1, before + from + length) : null
      const layout = sideBySide([[part]], before + from)
      const hidden = forward.body(edits.of([text.setting]), layout, [length - 1], { past: cache, keep: next ?? keep })
      if (cache !== past) cache?.dispose()
      cache = next
      await computed(hidden)
      onComputed(length, text.setting)
      if (next === null) return hidden
      hidden.dispose()
      from += length
    }
  } finally {
    if (cache !== past) cache?.dispose()
  }
}

/** Waits for hidden states; gives them back where computing them has failed. */
async function computed(hidden: HiddenStates): Promise<void> {
  try {
    await hidden.ready
  } catch (error) {
    hidden.dispose()
    throw error
  }
}

function slice({ ids, masks, setting }: PromptText, from: number, to = ids.length): PromptText {
  return { ids: ids.slice(from, to), masks: masks?.slice(from, to) ?? null, setting }
}
