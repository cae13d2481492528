import { passShapes } from './pass-shapes.js'
import { deviceName, type ThreadOptions } from './protocol.js'
import { remoteRuntime } from './remote-runtime.js'
import type { Runtime } from './runtime.js'
import { startSessionThread } from './session-thread.js'

/**
 * A runtime on a thread of its own. It does not keep the process alive while nothing is being computed. Throws InputError where onnxruntime is not
 * installed.
 */
export function startRuntime(options: ThreadOptions): Runtime {
  return remoteRuntime(startSessionThread(options), deviceName(options.provider), passShapes[options.provider.name])
}
