import type { Replies, Requests } from './protocol.js'

/** The way to the engine. Requests are answered in order. */
export interface Channel {
  send<Kind extends keyof Requests>(kind: Kind, request: Requests[Kind]): Promise<Replies[Kind]>
  /** Ends after the computation at hand; all open promises reject at once. */
  close(): Promise<void>
}
