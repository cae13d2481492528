import { deviceName, type Provider, type ThreadOptions } from './protocol.js'
import { remoteRuntime } from './remote-runtime.js'
import type { PassShape, Runtime } from './runtime.js'
import { startSessionThread } from './session-thread.js'

/**
 * A runtime on a thread of its own. It does not keep the process alive while nothing is being computed. Throws InputError where onnxruntime is not
 * installed.
 */
export function startRuntime(options: ThreadOptions): Runtime {
  return remoteRuntime(startSessionThread(options), deviceName(options.provider), passShapes[options.provider.name])
}

/** By provider. GPUs want more at once. */
export const passShapes: Readonly<Record<Provider['name'], PassShape>> = {
  cpu: { columns: 512, tokens: [512, 1024, 2048] },
  cuda: { columns: 2048, tokens: [4096, 8192, 16_384] },
  webgpu: { columns: 1024, tokens: [1024, 2048, 4096] },
}
