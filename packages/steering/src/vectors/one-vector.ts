import type { InputError } from '@saeval/hub'

/** A tensor with its numbers, row-major. */
export interface Numbers {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** The one vector that a tensor is, axes of length 1 aside. Throws what `wrong` makes of a reason where it is none, or not finite. */
export function oneVector(
  name: string,
  { shape, values }: Numbers,
  wrong: (message: string) => InputError,
): Float32Array {
  const longest = Math.max(0, ...shape)
  if (values.length !== longest || longest === 0) throw wrong(`${name} has shape [${shape}], expected one vector`)
  return finite(name, values, wrong)
}

/** The numbers, all finite. Throws what `wrong` makes of a reason otherwise. */
export function finite(name: string, values: Float32Array, wrong: (message: string) => InputError): Float32Array {
  const at = values.findIndex((value) => !Number.isFinite(value))
  if (at === -1) return values
  throw wrong(`${name} holds ${values[at]}, its number ${at} counted from 0; expected finite numbers`)
}
