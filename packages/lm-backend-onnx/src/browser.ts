// What this package is in a browser ("browser" in package.json).
export type { Tokenizer } from '@saeval/tokenizer'
export { type BrowserModelOptions, loadModel } from './model/load-in-browser.js'
export type { OnnxModel } from './model/onnx-model.js'
export { type WebGpuDevice, type WebOnnxruntime, warmUp } from './runtime/web-engine.js'
export type { SelectionCount } from './scoring/selection-counter.js'
