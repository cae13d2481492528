const prefix = 'arriving.'

/** What arrives at a hook point, before any edit there, under the name by which stages read it (`readFrom`). */
export function arriving(hookPoint: string): string {
  return prefix + hookPoint
}

/** The hook point of a stage's `readFrom`, and whether what arrives there is read instead of what edits leave. */
export function readPoint(readFrom: string): { readonly hookPoint: string; readonly arrives: boolean } {
  const arrives = readFrom.startsWith(prefix)
  return { hookPoint: arrives ? readFrom.slice(prefix.length) : readFrom, arrives }
}
