import { InputError } from '@saeval/hub'

/** Numbers of one axis at most: a misplaced step should not start a sweep of years. */
const most = 10_000

/**
 * Reads "0,-5,-10" and ranges "-100:100:20" (from, to, step; the end belongs to it where a step meets it), also mixed. Repeated numbers count
 * once. Throws InputError naming the flag.
 */
export function parseNumberList(flag: string, text: string): number[] {
  const numbers = text.split(',').flatMap((part) => {
    const pieces = part.split(':').map((piece) => (piece.trim() === '' ? Number.NaN : Number(piece)))
    if (!pieces.every(Number.isFinite) || pieces.length === 2 || pieces.length > 3)
      throw new InputError(`${flag}: "${part}" is neither a number nor a range like -100:100:20`)
    return pieces.length === 1 ? pieces : range(flag, part, pieces as [number, number, number])
  })
  return [...new Set(numbers)]
}

function range(flag: string, part: string, [from, to, step]: readonly [number, number, number]): number[] {
  if (step === 0 || (to - from) / step < 0)
    throw new InputError(`${flag}: the range "${part}" never arrives; its step must lead from ${from} to ${to}`)
  // a step of 0.1 does not add up exactly
  const count = Math.floor((to - from) / step + 1e-9) + 1
  if (count > most) throw new InputError(`${flag}: the range "${part}" has ${count} numbers, more than ${most}`)
  return Array.from({ length: count }, (_, index) => Number((from + index * step).toPrecision(12)) + 0)
}
