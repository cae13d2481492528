// Takes onnxruntime-web into onnxruntime/, when its version changes, after a build: node packages/playground/scripts/take-onnxruntime.mjs. It needs the npm registry. The
// package is 33 MB to download, of which a page needs 8: so it is no dependency, and these files are.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fileEntry } from '../dist/write-page.js'
import { bundle } from './bundle-for-browser.mjs'

const folder = fileURLToPath(new URL('../onnxruntime', import.meta.url))
const repository = new URL('../../../', import.meta.url)
const workspace = readFileSync(new URL('pnpm-workspace.yaml', repository), 'utf8')
const version = /^ {2}onnxruntime-common: (\S+)$/m.exec(workspace)[1]

const work = mkdtempSync(join(tmpdir(), 'saeval-onnxruntime-web-'))
try {
  execFileSync('npm', ['pack', '--silent', `onnxruntime-web@${version}`], { cwd: work })
  execFileSync('tar', ['-xzf', `onnxruntime-web-${version}.tgz`], { cwd: work })
  const dist = join(work, 'package', 'dist')
  // WebGPU waits for the device, which WebAssembly can by JSPI: a third smaller than the build that can without
  const builds = [
    ['wasm', '/onnxruntime', 'ort.wasm', 'ort-wasm-simd-threaded'],
    ['webgpu', '/onnxruntime-webgpu', 'ort.jspi', 'ort-wasm-simd-threaded.jspi'],
  ]
  for (const [file, name, script, binary] of builds) {
    // these bundles have their loader inside, so that nothing is imported while they run
    const code = await bundle(join(dist, `${script}.bundle.min.mjs`), 'onnxruntime')
    const wasm = readFileSync(join(dist, `${binary}.wasm`))
    const lines = [fileEntry(`${name}.js`, code), fileEntry(`${name}.wasm`, wasm)]
    writeFileSync(join(folder, `${file}.js`), [`// onnxruntime-web ${version}\n`, ...lines].join(''))
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
