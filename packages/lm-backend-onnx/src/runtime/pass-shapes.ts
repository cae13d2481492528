import type { Provider } from './protocol.js'
import type { PassShape } from './runtime.js'

/** By provider. GPUs want more at once. */
export const passShapes: Readonly<Record<Provider['name'], PassShape>> = {
  cpu: { columns: 512, tokens: [512, 1024, 2048] },
  cuda: { columns: 2048, tokens: [4096, 8192, 16_384] },
  webgpu: { columns: 1024, tokens: [1024, 2048, 4096] },
}
