import { PyRandom } from '@saeval/python/internal/random'
import { equals, type PyDict } from '@saeval/python/internal/values/value'

/** Draws few-shot documents for one task, in the order in which the task's documents are asked about. */
export interface FewshotSampler {
  /**
   * `count` documents of the pool. With `evalDoc` given, that document is not among them. Throws RangeError when the pool is too small.
   */
  sample(count: number, evalDoc: PyDict | null): readonly PyDict[]
  /** The documents there are to choose from, and how. */
  readonly kind: 'default' | 'first_n'
  readonly pool: readonly PyDict[]
}

/**
 * lm_eval's samplers: `first_n` takes the pool's beginning; `default` draws with Python's generator, seeded once for the task (--seed's
 * fourth number), and when the document asked about could be in the pool draws one more and drops it.
 */
export function fewshotSampler(kind: 'default' | 'first_n', pool: readonly PyDict[], seed: number): FewshotSampler {
  const random = new PyRandom(seed)
  const without = (docs: readonly PyDict[], evalDoc: PyDict | null) =>
    evalDoc === null ? docs : docs.filter((doc) => !equals(doc, evalDoc))
  const need = (docs: readonly PyDict[], count: number) => {
    if (docs.length >= count) return
    throw new RangeError(`${count} few-shot examples are asked for, but there are only ${docs.length} to choose from`)
  }
  return {
    kind,
    pool,
    sample(count, evalDoc) {
      if (kind === 'first_n') {
        const rest = without(pool, evalDoc)
        need(rest, count)
        return rest.slice(0, count)
      }
      const wanted = evalDoc === null ? count : count + 1
      need(pool, wanted)
      const drawn = without(random.sample(pool, wanted), evalDoc)
      if (drawn.length >= count) return drawn.slice(0, count)
      // more than one copy of the document was drawn
      const rest = without(pool, evalDoc)
      need(rest, count)
      return random.sample(rest, count)
    },
  }
}
