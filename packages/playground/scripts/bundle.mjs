// Makes of the compiled page what a browser loads: dist/site. Fails for any import of Node.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { bundle } from './bundle-for-browser.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const site = join(root, 'dist/site')
mkdirSync(site, { recursive: true })
cpSync(join(root, 'site'), site, { recursive: true })

// onnxruntime-web's own bundle has its loader inside, so that nothing is imported while it runs
const worker = await bundle(join(root, 'dist/browser/worker/worker.js'))
writeFileSync(join(site, 'page.js'), await bundle(join(root, 'dist/browser/page/main.js')))

const onnxruntime = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'))
const wasm = readFileSync(join(onnxruntime, 'ort-wasm-simd-threaded.wasm'))
// scripts, because a page that is opened as a file may read no other files
const script = (files) =>
  Object.entries(files)
    .map(
      ([name, bytes]) => `saevalFile(${JSON.stringify(name)}, '${gzipSync(bytes, { level: 9 }).toString('base64')}')\n`,
    )
    .join('')
writeFileSync(join(site, 'worker.js'), script({ '/worker.js': worker }))
writeFileSync(join(site, 'runtime.js'), script({ '/onnxruntime.wasm': wasm }))
