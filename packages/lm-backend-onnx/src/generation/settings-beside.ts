import type { Intervention } from '@saeval/sae-core'
import { hasWholeSae } from '@saeval/sae-core/internal/intervention'
import { ActedCounter } from '../forward/acted-counter.js'
import { fingerprintOf } from '../forward/fingerprint.js'
import { keptAtOnce } from '../forward/ready-edits.js'
import { packedNumbers } from '../graph/packed-numbers.js'
import type { DeviceRoom } from '../runtime/device-room.js'
import type { TokenCounts } from '../scoring/score.js'

/** A setting whose texts are written, and what is counted of it. */
export interface WritingSetting {
  readonly interventions: readonly Intervention[]
  readonly counter: ActedCounter
  readonly tokens: TokenCounts
  /** New tokens of each text, when it is at its end. */
  readonly texts: (readonly number[])[]
}

/** A setting of which nothing is written yet. */
function newSetting(interventions: readonly Intervention[]): WritingSetting {
  return { interventions, counter: new ActedCounter(), tokens: { requested: 0, computed: 0 }, texts: [] }
}

/**
 * Rows of a step at most. A step reads all weights whatever its rows are, and from here on takes about as much longer as it has more rows
 * (bench/settings.mjs).
 */
const mostRows = 32
/** Numbers of edits that a step reads may be this share of the weights that it reads once instead of once for each setting. */
const mostEdits = 1 / 4
/** Bytes of edits on the device may be this share of those of keys and values. */
const roomOfEdits = 1 / 4
/** The same where nobody knows how much memory there is. */
const defaultBytes = 2 ** 28

/** Texts that a setting is asked. */
export interface AskedTexts {
  /** A name of them and of all that decides how they are written. */
  readonly texts: string
  readonly count: number
  /** How many are written side by side at most. */
  readonly rows: number
  readonly signal?: AbortSignal | undefined
}

interface Member {
  readonly name: string
  readonly interventions: readonly Intervention[]
  /** Its index among the settings. */
  readonly setting: number
}

/** What the edits of settings side by side may take. */
export interface EditsRoom {
  /** Number of the model's weights. */
  readonly weights: number
  /** Memory of the device beside them; null where nobody knows how much there is. */
  readonly room: Pick<DeviceRoom, 'caches'> | null
}

/**
 * Settings that are asked the same texts, one setting after the other. When the texts are so few that a step would have room for more, they are
 * written for the settings after the one that is asked too, and kept until those are asked. Settings with whole SAEs are written alone: each would
 * compute its SAE for the rows of all.
 */
export class SettingsBeside {
  readonly #members: readonly Member[]
  /** Numbers of all rows' edits at most. */
  readonly #most: number
  readonly #mayWrite: () => (setting: number) => boolean
  /** Texts -> names of settings that have been asked them, or for which they were written. */
  readonly #done = new Map<string, Set<string>>()
  readonly #kept = new Map<string, WritingSetting>()
  #isOff = false

  /** `mayWrite` is asked at each writing, and what it gives then, which settings (indices) may be written beside; all by default. */
  constructor(
    settings: readonly (readonly Intervention[])[],
    { weights, room }: EditsRoom,
    mayWrite: () => (setting: number) => boolean = () => () => true,
  ) {
    const bytes = room === null ? defaultBytes : roomOfEdits * room.caches
    this.#most = Math.min(mostEdits * weights, bytes / (4 * keptAtOnce))
    this.#mayWrite = mayWrite
    const all = settings.flatMap((interventions, setting): Member[] =>
      hasWholeSae(interventions) || packedNumbers([interventions]) > this.#most
        ? []
        : [{ name: nameOf(interventions), interventions, setting }],
    )
    this.#members = [...new Map(all.map((member) => [member.name, member])).values()]
  }

  /** Whether texts are few enough that those of another setting have room beside them, where as many as `rows` go side by side. */
  hasRoom(count: number, rows: number): boolean {
    return !this.#isOff && 2 * count <= Math.min(rows, mostRows)
  }

  /**
   * Sees to it that a setting that is asked has its texts, which `write` writes for one or several settings, the asked one first; `texts` names them all.
   * Gives whether they were kept. Where they cannot be written side by side, each setting is written alone from here on.
   */
  async write(
    asked: WritingSetting,
    { texts, count, rows, signal }: AskedTexts,
    write: (settings: readonly WritingSetting[]) => Promise<void>,
  ): Promise<boolean> {
    // a name of whole matrices takes as long as reading them
    if (hasWholeSae(asked.interventions)) {
      await write([asked])
      return false
    }
    const name = nameOf(asked.interventions)
    const kept = this.#kept.get(`${name} ${texts}`)
    if (kept !== undefined) {
      this.#kept.delete(`${name} ${texts}`)
      take(asked, kept)
      return true
    }
    const others = this.#after(name, texts, count, rows)
    if (others.length > 0) {
      const settings = [asked, ...others].map(({ interventions }) => newSetting(interventions))
      try {
        await write(settings)
        take(asked, settings[0]!)
        for (const [index, { name }] of others.entries()) this.#kept.set(`${name} ${texts}`, settings[index + 1]!)
        return false
      } catch (error) {
        if (signal?.aborted) throw error
        // one of the settings may be what cannot be written: it says so when it is asked
        this.#isOff = true
      }
    }
    await write([asked])
    return false
  }

  /** The settings for which texts are written beside those of one that is asked. */
  #after(name: string, texts: string, count: number, rows: number): Member[] {
    const done = this.#done.get(texts) ?? new Set()
    this.#done.set(texts, done)
    const at = this.#members.findIndex((member) => member.name === name)
    if (at < 0 || !this.hasRoom(count, rows)) return []
    const room = Math.floor(Math.min(rows, mostRows) / count)
    const chosen = [this.#members[at]!]
    const mayWrite = this.#mayWrite()
    for (const member of this.#members.slice(at + 1)) {
      if (chosen.length === room) break
      if (done.has(member.name)) continue
      // a row has room for the edits of all settings
      const numbers = packedNumbers([...chosen, member].map(({ interventions }) => interventions))
      if ((chosen.length + 1) * count * numbers > this.#most) break
      if (mayWrite(member.setting)) chosen.push(member)
    }
    for (const { name } of chosen) done.add(name)
    return chosen.slice(1)
  }
}

/** Gives a setting what was written for it. */
function take(setting: WritingSetting, written: WritingSetting): void {
  setting.counter.addAll(written.counter)
  setting.tokens.requested += written.tokens.requested
  setting.tokens.computed += written.tokens.computed
  setting.texts.push(...written.texts)
}

function nameOf(interventions: readonly Intervention[]): string {
  return fingerprintOf(interventions)
}
