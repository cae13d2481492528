import { InputError } from '@saeval/hub'
import type { Checkpoint } from './checkpoint.js'

/** Precision to which weights are rounded; every computation with them is float32. */
export type Precision = 'float32' | 'float16' | 'bfloat16'

/** What `dtype` takes; "auto" is the precision the model was saved in. */
export const dtypes = ['float32', 'float16', 'bfloat16', 'auto'] as const
export type Dtype = (typeof dtypes)[number]

/**
 * The precision that a dtype means for a model. "auto" is what transformers takes: the precision that config.json names, else that of the
 * checkpoint's first weight. Throws InputError for others than these.
 */
export function resolvePrecision(
  dtype: string,
  configPath: string,
  configText: string,
  checkpoint: Checkpoint,
): Precision {
  if (isPrecision(dtype)) return dtype
  if (dtype !== 'auto') throw new InputError(`dtype is ${JSON.stringify(dtype)}, expected ${dtypes.join(', ')}`)
  const config = JSON.parse(configText) as { readonly torch_dtype?: unknown; readonly dtype?: unknown }
  const named = config.dtype ?? config.torch_dtype ?? firstType(checkpoint)
  if (isPrecision(named)) return named
  throw new InputError(
    `${configPath}: dtype=auto asks for the model's own precision, which is ${JSON.stringify(named)}; choose dtype=float32, float16 or bfloat16`,
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
