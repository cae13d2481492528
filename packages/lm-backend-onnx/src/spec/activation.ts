import { oneOf } from '@saeval/hub/checks'
import * as v from 'valibot'

/** Activation functions of MLPs; gelu_tanh is the tanh approximation of gelu. */
export type Activation = 'gelu_tanh' | 'gelu' | 'silu' | 'relu'

/** Names of transformers' ACT2FN; gelu_new, gelu_fast and gelu_pytorch_tanh are one formula written three ways. */
const activations = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu_tanh',
  gelu_fast: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  relu: 'relu',
  silu: 'silu',
  swish: 'silu',
} as const satisfies Readonly<Record<string, Activation>>

type Name = keyof typeof activations
const names = Object.keys(activations) as Name[]

/** A field that names an activation; `fallback` where it is absent or null. `own` are names that mean something else to a family. */
export function activation(fallback: Name, own: Readonly<Partial<Record<Name, Activation>>> = {}) {
  const expected = names.map((name) => JSON.stringify(name)).join(' or ')
  return v.pipe(
    v.nullish(oneOf(names, expected), fallback),
    v.transform((name): Activation => own[name] ?? activations[name]),
  )
}
