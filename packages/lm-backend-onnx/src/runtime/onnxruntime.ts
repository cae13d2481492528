import { createRequire } from 'node:module'
import type * as Onnxruntime from 'onnxruntime-common'
import { runtimePackage } from './runtime-package.js'

// The constructors of the very copy that the native binding was given: a tensor of another copy is none to it.
const runtime = createRequire(import.meta.url)(runtimePackage()) as typeof Onnxruntime

/** onnxruntime's session; its `run` blocks the thread that calls it. */
export const InferenceSession = runtime.InferenceSession
export type InferenceSession = Onnxruntime.InferenceSession

/** onnxruntime's tensor: type, data, dims. */
export const Tensor = runtime.Tensor
export type Tensor = Onnxruntime.Tensor

/** onnxruntime's settings for the whole process. */
export const env = runtime.env
