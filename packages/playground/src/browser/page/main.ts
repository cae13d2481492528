import { byId } from './elements.js'
import { fileBytes, modelFiles } from './files.js'
import { openPage } from './open-page.js'
import { startWorker } from './worker-client.js'

const status = byId('status')

async function start(): Promise<void> {
  const begun = performance.now()
  const [script, files, wasm] = await Promise.all([
    fileBytes('/worker.js'),
    modelFiles(),
    fileBytes('/onnxruntime.wasm'),
  ])
  const open = () => ({ worker: startWorker(script), request: { files, wasm, device: 'wasm' } as const })
  await openPage(open, begun)
}

start().catch((error: unknown) => {
  status.classList.add('problem')
  status.textContent = error instanceof Error ? error.message : String(error)
})
