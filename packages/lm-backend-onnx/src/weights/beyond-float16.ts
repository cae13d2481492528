import type { Notice } from '@saeval/hub'
import type { ElementType } from '../onnx/encode-model.js'
import type { ModelSpec } from '../spec/model-spec.js'
import { specTensors } from '../spec/spec-tensors.js'
import type { StoredTensor } from './checkpoint.js'
import { float16Loss } from './float16-loss.js'
import type { StoredWeights } from './model-weights.js'
import type { Precision } from './precision.js'

interface HeldIn16Bits {
  readonly spec: ModelSpec
  readonly stored: StoredWeights
  readonly precision: Precision
  readonly modelName: string
  readonly notice: Notice
}

/**
 * For a device that holds bfloat16 weights as float16: the matrices, by their names in the file, that hold numbers beyond float16 and stay
 * float32. Reads all bfloat16 weights once. What is rounded is told in a line, and what stays float32 in another.
 */
export async function beyondFloat16(options: HeldIn16Bits): Promise<ReadonlyMap<string, ElementType>> {
  const { stored, modelName, notice } = options
  const beyond: StoredTensor[] = []
  let rounded = 0
  for (const tensor of matricesInBfloat16(options)) {
    const loss = await float16Loss(stored.folder, tensor)
    if (loss.beyond > 0) beyond.push(tensor)
    else rounded += loss.rounded
  }
  if (beyond.length > 0) {
    const [first] = beyond as [StoredTensor]
    const names = beyond.length === 1 ? first.name : `${first.name} and ${beyond.length - 1} more`
    notice(`${modelName}: ${names} hold numbers beyond float16 and are float32 on the device`)
  }
  if (rounded > 0)
    notice(
      `${modelName}: the device holds bfloat16 weights as float16; ${rounded} of ${stored.numParameters}, all below 0.00002, are off by 3e-8 at most`,
    )
  const groups = new Set(beyond.map(({ name }) => groupOf(name)))
  const kept = matricesInBfloat16(options).filter(({ name }) => groups.has(groupOf(name)))
  return new Map(kept.map(({ name }) => [name, 'float32']))
}

/** Tensors of one name but for the number of an expert: a graph stacks them. */
export function groupOf(name: string): string {
  return name.replace(/\.experts\.\d+\./, '.experts.')
}

/** Each once; vectors are float32 on devices anyway. */
function matricesInBfloat16({ spec, stored, precision }: HeldIn16Bits): StoredTensor[] {
  const found = new Map<string, StoredTensor>()
  for (const [name, shape] of specTensors(spec, stored.has)) {
    const tensor = stored.tensor(name)
    if (
      shape.length > 1 &&
      tensor.type !== 'uint8' &&
      (precision === 'float32' ? tensor.type : precision) === 'bfloat16'
    )
      found.set(tensor.name, tensor)
  }
  return [...found.values()]
}
