// What a step says of one number or fact: a row of the closing table.

/**
 * A number beside the one that was published.
 * @param {string} what
 * @param {number} seen
 * @param {number} expected
 * @param {number} allowed largest difference
 */
export const closeTo = (what, seen, expected, allowed) => ({
  what,
  seen: number(seen),
  expected: `${number(expected)} ± ${number(allowed)}`,
  ok: Math.abs(seen - expected) <= allowed,
})

/** A number that must not be lower than another. */
export const atLeast = (what, seen, least) => ({
  what,
  seen: number(seen),
  expected: `>= ${number(least)}`,
  ok: seen >= least,
})

/** A fact that must be the expected one. */
export const equal = (what, seen, expected) => ({
  what,
  seen: String(seen),
  expected: String(expected),
  ok: seen === expected,
})

/** Something worth knowing that nothing published can be held against. */
export const noted = (what, seen) => ({
  what,
  seen: typeof seen === 'number' ? number(seen) : seen,
  expected: '',
  ok: true,
})

/** Four significant digits, without an exponent where people would not write one. */
function number(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value)
}
