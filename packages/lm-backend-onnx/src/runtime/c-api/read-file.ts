import { closeSync, openSync, readSync } from 'node:fs'
import { convertFloats, isFloatType } from '../convert-floats.js'
import type { FileTensor, TensorData, TensorDtype } from '../engine.js'
import { elementBytes, elementCount, tensorData } from './element-types.js'

/** Bytes of a file that are read at a time. */
const readAtOnce = 2 ** 24

/**
 * Elements [start, ...) of a tensor of a file as another type, part by part, each part at most `partBytes` large when converted. Throws where the
 * file ends before the tensor does.
 */
export function* fileParts(
  file: FileTensor,
  dtype: TensorDtype,
  partBytes: number,
): Generator<{ readonly start: number; readonly data: TensorData }> {
  const total = elementCount(file.dims)
  const most = Math.max(1, Math.floor(partBytes / elementBytes(dtype)))
  const handle = openSync(file.path, 'r')
  try {
    for (let start = 0; start < total; start += most)
      yield { start, data: readElements(handle, file, dtype, start, Math.min(most, total - start)) }
  } finally {
    closeSync(handle)
  }
}

/** So many elements from `start`: converted as they are read, so that only the result is held whole. */
function readElements(handle: number, file: FileTensor, dtype: TensorDtype, start: number, count: number): TensorData {
  const part = tensorData(dtype, [count], new ArrayBuffer(count * elementBytes(dtype)))
  const width = elementBytes(file.dtype)
  const step = Math.min(count, readAtOnce / width)
  const bytes = new Uint8Array(step * width)
  for (let at = 0; at < count; at += step) {
    const wanted = bytes.subarray(0, Math.min(step, count - at) * width)
    readFully(handle, wanted, file, file.offset + (start + at) * width)
    put(part, at, wanted, file.dtype)
  }
  return part
}

function put({ dtype, data }: TensorData, at: number, bytes: Uint8Array, from: TensorDtype): void {
  if (dtype === from) new Uint8Array(data.buffer).set(bytes, at * elementBytes(dtype))
  else if (isFloatType(dtype) && isFloatType(from))
    (data as Float32Array | Uint16Array).set(convertFloats(bytes, from, dtype), at)
  else throw new Error(`${from} weights are no ${dtype}`)
}

function readFully(handle: number, bytes: Uint8Array, { path }: FileTensor, position: number): void {
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(handle, bytes, at, bytes.length - at, position + at)
    if (read === 0) throw new Error(`${path} ends before its weights do`)
    at += read
  }
}
