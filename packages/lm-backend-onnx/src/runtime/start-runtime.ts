import type { Provider, ThreadOptions } from './protocol.js'
import { remoteRuntime } from './remote-runtime.js'
import type { Runtime } from './runtime.js'
import { startSessionThread } from './session-thread.js'

/**
 * A runtime on a thread of its own. It does not keep the process alive while nothing is being computed. Throws InputError where onnxruntime is not
 * installed.
 */
export function startRuntime(options: ThreadOptions): Runtime {
  return remoteRuntime(startSessionThread(options), locationOf(options.provider))
}

/** Name of a provider's device, as `--device` takes it. */
function locationOf(provider: Provider): string {
  return provider.name === 'cuda' ? `cuda:${provider.deviceId}` : provider.name
}
