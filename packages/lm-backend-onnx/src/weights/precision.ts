import { InputError } from '@saeval/hub'
import { jsonObject, shown } from '@saeval/hub/checks'
import type { Checkpoint } from './checkpoint.js'

/** Precision to which weights are rounded; every computation with them is float32. */
export type Precision = 'float32' | 'float16' | 'bfloat16'

/** What `dtype` takes; "auto" is the precision the model was saved in. */
export const dtypes = ['float32', 'float16', 'bfloat16', 'auto', 'int8', 'int4'] as const
export type Dtype = (typeof dtypes)[number]

/**
 * In what a device computes: float32; or, on CUDA by choice, products with TF32 (10 of float32's 23 bits) or products of layers with bfloat16
 * weights and inputs. Sums of products are float32 always.
 */
export const computes = ['float32', 'tf32', 'bfloat16'] as const
export type Compute = (typeof computes)[number]

/** Whether a text is one of computes. */
export function isCompute(text: string): text is Compute {
  return (computes as readonly string[]).includes(text)
}

/** How weights are held: matrices in 8 or 4 bits where `bits` says so, everything else in `precision`. */
export interface Holding {
  readonly precision: Precision
  readonly bits: 4 | 8 | null
}

/**
 * What a dtype means for a model. "auto" is what transformers takes: the precision that config.json names, else that of the
 * checkpoint's first weight. Throws InputError for others than these.
 */
export function resolveDtype(dtype: string, configPath: string, configText: string, checkpoint: Checkpoint): Holding {
  if (isPrecision(dtype)) return { precision: dtype, bits: null }
  if (dtype === 'int8' || dtype === 'int4') return { precision: 'float32', bits: dtype === 'int8' ? 8 : 4 }
  if (dtype !== 'auto') throw new InputError(`dtype is ${JSON.stringify(dtype)}, expected ${dtypes.join(', ')}`)
  const config = jsonObject(configPath, configText)
  const named = config.dtype ?? config.torch_dtype ?? firstType(checkpoint)
  if (isPrecision(named)) return { precision: named, bits: null }
  throw new InputError(
    `${configPath}: dtype=auto asks for the model's own precision, which is ${shown(named)}; choose dtype=float32, float16 or bfloat16`,
  )
}

/** Whether a text is one of dtypes. */
export function isDtype(text: string): text is Dtype {
  return (dtypes as readonly string[]).includes(text)
}

function firstType({ tensors }: Checkpoint): string | undefined {
  for (const { type } of tensors.values()) if (isPrecision(type)) return type
  return undefined
}

function isPrecision(value: unknown): value is Precision {
  return value === 'float32' || value === 'float16' || value === 'bfloat16'
}
