/** Bytes a second below which nothing arrives, as far as a person can tell. */
const slowest = 100

/** What a body may do, and what ends it otherwise. */
export interface BodyLimits {
  /** Bytes at most. */
  readonly most: number
  /** Seconds of waiting in which at least `slowest` bytes a second must arrive. */
  readonly stall: number
  /** The error of a body that is too long. */
  readonly tooLong: () => Error
  /** The error of a body that does not arrive. */
  readonly stalled: () => Error
}

/** The same body, which fails where it is too long or does not arrive. Only the time in which someone waits for it counts. */
export function watchedBody(
  body: ReadableStream<Uint8Array>,
  { most, stall, tooLong, stalled }: BodyLimits,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let received = 0
  let window = { bytes: 0, milliseconds: 0 }
  const fail = (error: Error): never => {
    reader.cancel(error).catch(() => {})
    throw error
  }
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const begun = performance.now()
        let timer: NodeJS.Timeout | undefined
        const late = new Promise<null>((resolve) => {
          timer = setTimeout(resolve, Math.max(0, 1000 * stall - window.milliseconds), null)
        })
        const next = await Promise.race([reader.read(), late]).finally(() => clearTimeout(timer))
        if (next === null) return fail(stalled())
        if (next.done) return controller.close()
        received += next.value.length
        if (received > most) return fail(tooLong())
        window = {
          bytes: window.bytes + next.value.length,
          milliseconds: window.milliseconds + performance.now() - begun,
        }
        if (window.bytes >= slowest * stall) window = { bytes: 0, milliseconds: 0 }
        controller.enqueue(next.value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
