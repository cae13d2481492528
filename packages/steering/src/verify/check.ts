import { InputError, type Said, sentence } from '@saeval/hub'

/** How far two ways of computing the same may be apart. */
export const allowed = {
  /**
   * An edited activation from its formula, token by token: relative to the token's largest change, or to 1 % of its largest value where that is
   * more (float32 rounds the sum).
   */
  edit: 1e-3,
  /** Log-probabilities and logits of the same edits computed in another order, in nats; sums per token. */
  order: 1e-4,
  /** Log-probabilities with edits in the graph and with edits from outside, which are rounded once more and go through all layers above. */
  outside: 2e-3,
  /** Log-probabilities of the same model and edits on a device and on the CPU, in nats; of requests, per token. */
  device: 1e-3,
} as const

/** What one comparison found. */
export interface Measured {
  readonly deviations: readonly { readonly what: string; readonly deviation: number }[]
  /** What is wrong whatever the deviations. */
  readonly problems?: readonly Said[]
}

/** One of the checks: compares, or says why there is nothing to compare. */
export interface Check<Subject> {
  readonly name: string
  /** null of what is measured and judged by nobody. */
  readonly allowed: number | null
  readonly run: (subject: Subject) => Promise<Measured | { readonly notApplicable: string }>
}

/** The same check, measured and judged by nobody: in an arithmetic with fewer digits what `allowed` says does not hold. */
export function measuredOnly<Subject>(check: Check<Subject>): Check<Subject> {
  return { ...check, allowed: null }
}

/** How one of the checks came out. */
export interface CheckResult {
  readonly name: string
  readonly outcome: 'ok' | 'failed' | 'not applicable'
  /** The largest deviation, see `allowed`; null where nothing was compared. */
  readonly deviation: number | null
  /** What it may be; null for anything: it is only measured. */
  readonly allowed: number | null
  /** Everything that was compared. */
  readonly compared: Measured['deviations']
  /** Why it failed, or why it does not apply. */
  readonly messages: readonly Said[]
}

/** Runs one check. Input that a check cannot take fails it; everything else that is thrown is thrown. */
export async function runCheck<Subject>(check: Check<Subject>, subject: Subject): Promise<CheckResult> {
  const result = { name: check.name, deviation: null, allowed: check.allowed, compared: [] }
  let measured: Awaited<ReturnType<typeof check.run>>
  try {
    measured = await check.run(subject)
  } catch (cause) {
    if (!InputError.isInstance(cause)) throw cause
    return { ...result, outcome: 'failed', messages: [sentence`${cause}`] }
  }
  if ('notApplicable' in measured) return { ...result, outcome: 'not applicable', messages: [measured.notApplicable] }
  const { deviations, problems = [] } = measured
  // NaN is larger than anything that is allowed
  const beyond = check.allowed === null ? [] : deviations.filter(({ deviation }) => !(deviation <= check.allowed!))
  const messages = [...problems, ...beyond.map(({ what, deviation }) => `${what} by ${deviation.toPrecision(3)}`)]
  return {
    ...result,
    outcome: messages.length > 0 || deviations.length === 0 ? 'failed' : 'ok',
    deviation: deviations.length === 0 ? null : largest(deviations.map(({ deviation }) => deviation)),
    compared: deviations,
    messages: deviations.length === 0 && messages.length === 0 ? ['nothing was compared'] : messages,
  }
}

/** The largest of some numbers, NaN where one is NaN; 0 of none. */
export function largest(values: Iterable<number>): number {
  let most = 0
  for (const value of values) most = Math.max(most, value)
  return most
}

/** Largest |difference| of two lists; infinite where they are not equally long. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let most = 0
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!))
  return most
}
