import { expect } from 'vitest'

/** Fails where a number is further from its golden than relative times the golden plus absolute times the golden's largest value. */
export function expectClose(
  actual: Float32Array,
  golden: Float32Array,
  { relative, absolute }: { readonly relative: number; readonly absolute: number },
  what: string,
): void {
  expect(actual.length, what).toBe(golden.length)
  const largest = golden.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  golden.forEach((value, index) => {
    // NaN fails the comparison
    if (!(Math.abs(actual[index]! - value) <= relative * Math.abs(value) + absolute * largest))
      expect.fail(`${what}[${index}]: ${actual[index]} instead of ${value}`)
  })
}
