/** How many calls are under way at once, and how many requests one holds. */
export interface Batching {
  readonly batchSize: number
  readonly concurrent: number
}

/**
 * Answers items in batches of those with equal keys, several batches at once; answers come in the order of the items. The first failure stops the
 * others through the signal that `answer` gets.
 */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  { batchSize, concurrent }: Batching,
  keyOf: (item: Item) => string,
  answer: (batch: readonly Item[], signal: AbortSignal) => Promise<readonly Result[]>,
  {
    signal,
    onProgress,
  }: { readonly signal?: AbortSignal; readonly onProgress?: (done: number, total: number) => void },
): Promise<Result[]> {
  const byKey = new Map<string, number[]>()
  for (const [index, item] of items.entries()) {
    const key = keyOf(item)
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, [index])
    else known.push(index)
  }
  const batches = [...byKey.values()].flatMap((indices) =>
    Array.from({ length: Math.ceil(indices.length / batchSize) }, (_, batch) =>
      indices.slice(batch * batchSize, (batch + 1) * batchSize),
    ),
  )
  const failure = new AbortController()
  const either = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal
  const results = new Array<Result>(items.length)
  let [next, done] = [0, 0]
  const work = async () => {
    while (next < batches.length) {
      const batch = batches[next++]!
      either.throwIfAborted()
      const answers = await answer(
        batch.map((index) => items[index]!),
        either,
      )
      for (const [at, index] of batch.entries()) results[index] = answers[at]!
      done += batch.length
      onProgress?.(done, items.length)
    }
  }
  const workers = Array.from({ length: Math.min(concurrent, batches.length) }, () =>
    work().catch((error: unknown) => {
      if (!failure.signal.aborted) failure.abort(error)
      throw error
    }),
  )
  const ended = await Promise.allSettled(workers)
  signal?.throwIfAborted()
  if (ended.some(({ status }) => status === 'rejected')) throw failure.signal.reason
  return results
}
