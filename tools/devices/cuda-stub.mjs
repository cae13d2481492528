// node tools/devices/cuda-stub.mjs: onnxruntime's CUDA provider, the real one, over a CUDA without a GPU: for tests of placement, traffic and
// errors. Provider and library come from npm, the stub from the C files in cuda-stub/; what the provider asks for and they lack does nothing.
// Prints the file of environment variables that a process needs for it.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cached, NotHere, prepare, run } from './prepared.mjs'

/** A package that carries the provider, for CUDA 13, and the onnxruntime that it belongs to. */
const packages = [
  {
    name: 'com.github.asus4.onnxruntime.linux-x64-gpu@0.4.9',
    folder: 'package/Plugins/Linux/x64',
    files: ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'],
  },
  { name: 'onnxruntime-node@1.29.0', folder: 'package/bin/napi-v6/linux/x64', files: ['libonnxruntime.so.1'] },
]
const sources = fileURLToPath(new URL('cuda-stub/', import.meta.url))

await prepare('stub of CUDA', async () => {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new NotHere('its provider is for Linux on x64')
  await run('gcc', '--version')
  const onnxruntime = await cached('onnxruntime-cuda-1.29.0', download)
  const version = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)))
  for (const name of readdirSync(sources).sort()) version.update(readFileSync(join(sources, name)))
  const provider = join(onnxruntime, 'libonnxruntime_providers_cuda.so')
  const folder = await cached(`cuda-stub-${version.digest('hex').slice(0, 12)}`, (unfinished) =>
    compile(unfinished, provider),
  )
  return { folder, environment: { SAEVAL_ONNXRUNTIME: onnxruntime, LD_LIBRARY_PATH: join(folder, 'lib') } }
})

async function download(folder) {
  const take = async ({ name, folder: inside, files }, at) => {
    const work = join(folder, `package-${at}`)
    mkdirSync(work)
    const archive = (await run('npm', 'pack', '--silent', '--pack-destination', work, name)).trim()
    await run('tar', '-xzf', join(work, archive), '-C', work, ...files.map((file) => `${inside}/${file}`))
    for (const file of files) renameSync(join(work, inside, file), join(folder, file))
    rmSync(work, { recursive: true })
  }
  await Promise.all(packages.map(take))
}

/** Makes the libraries of CUDA that the provider is linked with or opens, each with every function it is asked for. */
async function compile(folder, provider) {
  const lib = join(folder, 'lib')
  mkdirSync(lib)
  const wanted = new Map(
    [
      ['libcudart.so.13', 'runtime.c'],
      ['libcuda.so.1', 'runtime.c'],
      ['libcublas.so.13', 'products.c'],
      ['libcublasLt.so.13', 'products.c'],
      ['libcurand.so.10', 'products.c'],
      ['libcudnn.so.9', 'products.c'],
    ].map(([library, source]) => [library, { source, functions: [] }]),
  )
  for (const line of (await run('readelf', '-W', '--dyn-syms', provider)).split('\n')) {
    const [, name, library] = /UND (\w+)@([\w.]+)/.exec(line) ?? []
    wanted.get(library)?.functions.push(name)
  }
  // cuDNN's are looked up by name when they are needed
  const opened = readFileSync(provider, 'latin1').matchAll(/\0(cudnn[A-Z]\w+)(?=\0)/g)
  wanted.get('libcudnn.so.9').functions.push(...new Set([...opened].map(([, name]) => name)))
  await Promise.all(
    [...wanted].map(async ([library, { source, functions }]) => {
      const rest = join(folder, `${library}.c`)
      const bodies = functions.map((name) => `__attribute__((weak)) int ${name}(void) { return nothing("${name}"); }\n`)
      writeFileSync(rest, `#include "stub.h"\n${bodies.join('')}`)
      // the provider asks for versions of functions by the library's name
      writeFileSync(join(folder, `${library}.map`), `${library} { global: *; };\n`)
      const options = [
        '-O1',
        '-shared',
        '-fPIC',
        `-I${sources}`,
        `-Wl,--version-script=${join(folder, `${library}.map`)}`,
        `-Wl,-soname=${library}`,
      ]
      await run('gcc', ...options, rest, join(sources, source), '-o', join(lib, library))
    }),
  )
}
