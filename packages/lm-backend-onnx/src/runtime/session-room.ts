/** What opens and gives back a session. */
interface Releasable {
  release(): Promise<void>
}

interface Entry<Opened extends Releasable> {
  readonly bytes: number
  readonly open: () => Promise<Opened>
  session: Opened | null
}

/** A session that may be closed between two uses. */
export interface RoomSession<Opened> {
  /** The session, opened anew where it is closed. It is to be used before another one is asked for. */
  use(): Promise<Opened>
  release(): Promise<void>
}

/**
 * Sessions that hold at most so many bytes of weights together: before one more is opened, those that were used longest ago are closed. One that is larger than that is
 * opened alone. For memory that is not returned by itself, as WebAssembly's.
 */
export class SessionRoom<Opened extends Releasable> {
  readonly #most: number
  /** Open ones, used longest ago first. */
  readonly #open = new Set<Entry<Opened>>()

  constructor(most: number) {
    this.#most = most
  }

  /** Opens a session that holds `bytes`. Rejects where `open` does. */
  async opened(bytes: number, open: () => Promise<Opened>): Promise<RoomSession<Opened>> {
    const entry: Entry<Opened> = { bytes, open, session: null }
    await this.#use(entry)
    return { use: () => this.#use(entry), release: () => this.#close(entry) }
  }

  async #use(entry: Entry<Opened>): Promise<Opened> {
    if (entry.session === null) {
      for (const other of this.#open) {
        if (this.#held() + entry.bytes <= this.#most) break
        await this.#close(other)
      }
      entry.session = await entry.open()
    }
    this.#open.delete(entry)
    this.#open.add(entry)
    return entry.session
  }

  #held(): number {
    return [...this.#open].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  async #close(entry: Entry<Opened>): Promise<void> {
    this.#open.delete(entry)
    const { session } = entry
    entry.session = null
    await session?.release()
  }
}
