import { InputError } from '@saeval/hub'
import type { ModelConfig } from './read-config.js'

/** Activation functions of MLPs; gelu_tanh is the tanh approximation of gelu. */
export type Activation = 'gelu_tanh' | 'gelu' | 'silu' | 'relu'

/** Names of transformers' ACT2FN; gelu_new, gelu_fast and gelu_pytorch_tanh are one formula written three ways. */
const names: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu_tanh',
  gelu_fast: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  relu: 'relu',
  silu: 'silu',
  swish: 'silu',
}

/** The activation that a field names. Throws InputError for one that cannot be computed. */
export function readActivation(config: ModelConfig, field: string, fallback: string): Activation {
  const name = config.string(field, fallback)
  const activation = names[name]
  if (activation !== undefined) return activation
  throw new InputError(
    `${config.file}: ${field} is ${JSON.stringify(name)}, expected ${Object.keys(names)
      .map((known) => JSON.stringify(known))
      .join(' or ')}`,
  )
}
