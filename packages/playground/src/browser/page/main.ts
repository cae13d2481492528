import { byId } from './elements.js'
import { fileBytes, modelFiles } from './files.js'
import { openPage } from './open-page.js'
import { startWorker } from './worker-client.js'

const status = byId('status')

async function start(): Promise<void> {
  const begun = performance.now()
  const [script, wasm] = await Promise.all([fileBytes('/worker.js'), fileBytes('/onnxruntime.wasm')])
  const prepare = () => {
    const worker = startWorker(script)
    return { worker, prepared: worker.ask('prepare', { wasm }, () => {}) }
  }
  // while the files are read
  const first = prepare()
  const files = await modelFiles()
  await openPage(first, prepare, { files }, begun)
}

start().catch((error: unknown) => {
  status.classList.add('problem')
  status.textContent = error instanceof Error ? error.message : String(error)
})
