// Fills the package of runtimes/ that is the working folder with what onnxruntime-node has for its platform: library, binding, JavaScript.
import { copyFileSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

const source = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
const { version } = manifest(source)
const folder = process.cwd()
const platform = basename(folder)
const own = manifest(folder)
if (own.version !== version) throw new Error(`${own.name} is ${own.version}, but onnxruntime-node is ${version}`)
// programs that are running may have these files open: what is there already stays
if (builtVersion() !== version) take()

function take() {
  const binaries = join('bin', 'napi-v6', ...platform.split('-'))
  for (const part of ['bin', 'dist']) rmSync(join(folder, part), { recursive: true, force: true })
  for (const part of [binaries, 'dist']) mkdirSync(join(folder, part), { recursive: true })

  for (const name of readdirSync(join(source, binaries))) {
    // macOS's library is there twice; the binding loads the other name
    if (name !== `libonnxruntime.${version}.dylib`) link(join(source, binaries, name), join(folder, binaries, name))
  }
  writeFileSync(join(folder, 'README.md'), readme())
  copyFileSync(new URL('onnxruntime-license.txt', import.meta.url), join(folder, 'LICENSE'))
  // version.js is last: with it the package is whole
  for (const name of readdirSync(join(source, 'dist')).sort()) {
    if (name.endsWith('.map')) continue
    const code = readFileSync(join(source, 'dist', name), 'utf8').replace(/\n\/\/# sourceMappingURL=\S*\s*$/, '\n')
    writeFileSync(join(folder, 'dist', name), code)
  }
}

function manifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

function builtVersion() {
  try {
    return /version = '(.*)'/.exec(readFileSync(join(folder, 'dist', 'version.js'), 'utf8'))?.[1]
  } catch {
    return undefined
  }
}

/** The same bytes under a second name, or a copy where the file system has no such thing. */
function link(from, to) {
  try {
    linkSync(from, to)
  } catch {
    copyFileSync(from, to)
  }
  if (statSync(to).size !== statSync(from).size) throw new Error(`${to} is not whole`)
}

function readme() {
  const { name, description } = own
  const windows =
    'DirectML.dll, dxcompiler.dll and dxil.dll are there as in onnxruntime-node, under terms of their own.'
  return `# ${name}

${description}.

This is what [onnxruntime-node](https://www.npmjs.com/package/onnxruntime-node) ${version} has for this platform: library, binding and
JavaScript, unchanged. Left out are the libraries of other platforms, source maps, and the install script, which downloads a CUDA
provider and fails where it cannot. [@saeval/lm-backend-onnx](https://www.npmjs.com/package/@saeval/lm-backend-onnx) brings the
package for your platform; there is no reason to install it by hand.
${platform.startsWith('win32') ? `\n${windows}\n` : ''}`
}
