import type { Forward } from '../forward/forward.js'
import type { HiddenStates } from '../forward/hidden-states.js'
import type { RowEdits } from '../forward/ready-edits.js'
import { OutOfMemory } from '../runtime/out-of-memory.js'
import type { TokenCounts } from '../scoring/score.js'
import { type Choosing, chooseTokens } from './choose-tokens.js'
import { decodeLayout } from './decode-layout.js'
import type { WrittenToken } from './generation-work.js'
import { mayJoin, type RowLimits } from './may-join.js'
import { type PrefillParts, prefillRange, prefillRows } from './prefill.js'
import { placeOf, type RunningRow, RunningRows, type WaitingRow } from './running-rows.js'
import { sharedBeginnings } from './shared-beginnings.js'
import { SharedColumns } from './shared-columns.js'

/** One prompt to continue. */
export interface Prompt {
  readonly ids: readonly number[]
  /** Index of its setting. */
  readonly setting: number
  /** New tokens at most. */
  readonly maxNewTokens: number
  /** Called after every token with all new ids so far; true ends this text. */
  readonly isDone: (newIds: readonly number[]) => boolean
  /** Called with all new ids when the text is at its end. */
  readonly onEnd: (newIds: readonly number[]) => void
}

export interface GenerateOptions extends Choosing {
  /** How many texts are written side by side. */
  readonly limits: RowLimits
  /** One source of random numbers per prompt, so that a text does not depend on those beside it. */
  readonly uniform: (prompt: number) => () => number
  readonly signal?: AbortSignal | undefined
  /** Of a setting: tokens computed are added to it, new ones that are read also to those requested. */
  readonly counts: (setting: number) => TokenCounts
  /** Told of tokens of prompts that are computed for a setting. */
  readonly onPrompts?: (tokens: number, setting: number) => void
  /** Called with the texts that got a token. */
  readonly onStep?: (written: readonly WrittenToken[]) => void
}

/**
 * Continues prompts token by token; see writeTexts. Where the device has no memory for it, texts that are not at their end are written anew in smaller
 * passes, half as many side by side.
 */
export async function generateTexts(
  forward: Forward,
  edits: RowEdits,
  prompts: readonly Prompt[],
  options: GenerateOptions,
): Promise<void> {
  let left = [...prompts.keys()]
  const told = prompts.map(() => 0)
  while (left.length > 0) {
    const round = left
    const limits = { ...options.limits, rows: Math.min(options.limits.rows, forward.limits.texts) }
    const ended = new Set<number>()
    const some = round.map((index): Prompt => {
      const { onEnd, ...prompt } = prompts[index]!
      return {
        ...prompt,
        onEnd: (newIds) => {
          ended.add(index)
          onEnd(newIds)
        },
      }
    })
    const onStep = (written: readonly WrittenToken[]) => {
      const own = written.map((step) => ({ ...step, text: round[step.text]! }))
      const fresh = own.filter(({ text, token }) => token > told[text]!)
      for (const { text, token } of fresh) told[text] = token
      if (fresh.length > 0) options.onStep?.(fresh)
    }
    try {
      await writeTexts(forward, edits, some, {
        ...options,
        limits,
        onStep,
        uniform: (prompt) => options.uniform(round[prompt]!),
      })
    } catch (error) {
      if (!(error instanceof OutOfMemory)) throw error
      // packed for more rows than there will be
      edits.dispose()
      forward.limits.halveTexts(Math.min(limits.rows, round.length), forward.runtime.location, error)
    }
    left = round.filter((index) => !ended.has(index))
  }
}

/**
 * Continues prompts token by token, as many side by side as the limits allow; a text that ends makes room for the next prompt at once. What prompts
 * begin with alike under a setting is computed once, kept once and attended to once for all rows. Every text is as if it were written alone: its
 * edits, positions, random numbers and what it attends to are its own.
 */
async function writeTexts(
  forward: Forward,
  edits: RowEdits,
  prompts: readonly Prompt[],
  options: GenerateOptions,
): Promise<void> {
  const { counts, signal } = options
  const asked = prompts.flatMap(({ maxNewTokens }, prompt) => (maxNewTokens > 0 ? [prompt] : []))
  prompts.forEach(({ maxNewTokens, onEnd }) => {
    if (maxNewTokens === 0) onEnd([])
  })
  if (asked.length === 0) return
  const texts = prompts.map(({ ids, setting }) => ({
    ids,
    masks: forward.masks(edits.selectionsOf(setting), { ids, promptLength: ids.length }),
    setting,
  }))
  const prefill: PrefillParts = {
    ...{ forward, edits, texts, signal },
    onComputed: (tokens, setting) => {
      counts(setting).computed += tokens
      options.onPrompts?.(tokens, setting)
    },
  }
  const settingOf = ({ prompt }: WaitingRow) => prompts[prompt]!.setting
  // what prompts begin with is another thing under another setting
  const waiting = [...new Set(asked.map((prompt) => prompts[prompt]!.setting))].flatMap((setting) => {
    const own = asked.filter((prompt) => prompts[prompt]!.setting === setting)
    return sharedBeginnings(texts, forward.continues, own).map(({ prompt, shared }): WaitingRow => {
      const { ids, maxNewTokens } = prompts[prompt]!
      const start = shared?.to ?? 0
      return { prompt, shared, start, most: ids.length - start + maxNewTokens - 1 }
    })
  })
  const masksOf = (row: RunningRow) => forward.masks(edits.selectionsOf(settingOf(row)), row, row.ids.length - 1)
  const uniform = prompts.map((_, prompt) => options.uniform(prompt))
  /** Draws a token for each of the rows that is not over, from a hidden state each, which it gives back. */
  const extend = async (hidden: HiddenStates, rows: readonly RunningRow[]) => {
    const texts = rows.map(({ prompt, ids, promptLength, isOver }) => {
      const maxLength = promptLength + prompts[prompt]!.maxNewTokens
      return isOver ? null : { ids, promptLength, maxLength, uniform: uniform[prompt]! }
    })
    const tokens = await chooseTokens(forward, hidden, options, texts).finally(hidden.dispose)
    const step = rows.flatMap((row, index): WrittenToken[] => {
      if (row.isOver) return []
      const { maxNewTokens, isDone, onEnd } = prompts[row.prompt]!
      row.ids.push(tokens[index]!)
      const newIds = row.ids.slice(row.promptLength)
      // a token after the first was read to write the next one
      if (newIds.length > 1) {
        counts(settingOf(row)).requested++
        counts(settingOf(row)).computed++
      }
      row.isOver = isDone(newIds) || newIds.length >= maxNewTokens
      if (row.isOver) onEnd(newIds)
      return [{ text: row.prompt, token: newIds.length, ended: row.isOver }]
    })
    options.onStep?.(step)
  }

  const blank = forward.cache.blank()
  const columns = new SharedColumns(forward.cache, blank)
  const running = new RunningRows(forward, blank)
  let next = 0
  try {
    for (;;) {
      signal?.throwIfAborted()
      const joining: RunningRow[] = []
      while (next < waiting.length && mayJoin(options.limits, [...running.live, ...joining], waiting[next]!)) {
        const row = waiting[next++]!
        const { ids } = prompts[row.prompt]!
        const filled = ids.length - row.start
        joining.push({ ...row, ids: [...ids], promptLength: ids.length, filled, isOver: false })
      }
      if (joining.length > 0) {
        running.join(joining)
        // those that come after the same range, one group after the other
        for (let from = 0, to = 0; from < joining.length; from = to) {
          const { shared } = joining[from]!
          while (to < joining.length && joining[to]!.shared === shared) to++
          const past = await columns.enter(shared, (range, before) => prefillRange(prefill, range, before))
          columns.show(running.live.map((row) => row.shared))
          const group = joining.slice(from, to)
          await prefillRows(prefill, running, group, past, extend)
        }
        continue
      }
      if (running.live.length === 0) return
      running.makeRoom()
      const layout = decodeLayout(forward, masksOf, running.rows, columns.shared, running.own.length)
      const places = running.rows.map(placeOf)
      const hidden = forward.decode(
        edits.of(running.rows.map(settingOf)),
        layout,
        { shared: columns.shared.cache, own: running.own },
        places,
      )
      for (const row of running.rows) if (!row.isOver) row.filled++
      await extend(hidden, running.rows)
    }
  } finally {
    columns.dispose()
    running.dispose()
    blank.dispose()
  }
}
