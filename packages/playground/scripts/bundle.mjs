// Makes of the compiled page what a browser loads: dist/site. Fails for any import of Node.
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fileEntry } from '../dist/write-page.js'
import { bundle } from './bundle-for-browser.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const site = join(root, 'dist/site')
mkdirSync(site, { recursive: true })
cpSync(join(root, 'site'), site, { recursive: true })
writeFileSync(join(site, 'page.js'), await bundle(join(root, 'dist/browser/page/main.js')))
// a script, because a page that is opened as a file may read no other files
writeFileSync(
  join(site, 'worker.js'),
  fileEntry('/worker.js', await bundle(join(root, 'dist/browser/worker/worker.js'))),
)
copyFileSync(join(root, 'onnxruntime/wasm.js'), join(site, 'runtime.js'))
copyFileSync(join(root, 'onnxruntime/webgpu.js'), join(site, 'runtime-webgpu.js'))
