import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { needs, repository, temporaryFolder } from './fixtures.js'
import type { TestNeeds } from './skipped-reporter.js'

type Environment = Readonly<Record<string, string>>

/** What a process needs to compute with WebGPU on lavapipe, a Vulkan device on the CPU; null where CI or you did not prepare it. */
export const lavapipe = prepared('SAEVAL_TEST_LAVAPIPE')

/** What a process needs to compute with onnxruntime's CUDA provider over a CUDA without a GPU; null where it was not prepared. */
export const cudaStub = prepared('SAEVAL_TEST_CUDA_STUB')

/** Options of a test or suite that needs lavapipe. */
export const needsLavapipe: TestNeeds = needs('lavapipe (tools/devices/README.md)', lavapipe !== null)

/** Options of a test or suite that needs the stub of CUDA. */
export const needsCudaStub: TestNeeds = needs('the stub of CUDA (tools/devices/README.md)', cudaStub !== null)

/** lavapipe with no allocation larger than so many bytes: what fills up as a GPU does. null where there is no lavapipe, or no C compiler. */
export function smallLavapipe(largest: number): Environment | null {
  if (lavapipe === null) return null
  const folder = temporaryFolder()
  const [library, driver] = [join(folder, 'libsmall.so'), join(folder, 'driver.json')]
  const source = join(repository, 'tools', 'devices', 'small-vulkan.c')
  if (spawnSync('gcc', ['-shared', '-fPIC', '-o', library, source, '-ldl']).status !== 0) return null
  const own = JSON.parse(readFileSync(lavapipe.VK_DRIVER_FILES!, 'utf8')) as { ICD: { library_path: string } }
  writeFileSync(driver, JSON.stringify({ ...own, ICD: { ...own.ICD, library_path: library } }))
  return {
    ...lavapipe,
    VK_DRIVER_FILES: driver,
    VK_ICD_FILENAMES: driver,
    SMALL_VULKAN_DRIVER: own.ICD.library_path,
    SMALL_VULKAN_LARGEST: String(largest),
  }
}

/** What the stub of CUDA counts, from when the file of the counts was made. */
export interface CudaCounts {
  readonly bytesUp: number
  readonly copiesUp: number
  readonly bytesDown: number
  readonly copiesDown: number
  readonly bytesWithin: number
  readonly copiesWithin: number
  readonly launches: number
  readonly products: number
  readonly waits: number
  readonly allocations: number
  readonly bytesHeld: number
  readonly bytesHeldAtMost: number
}

/** A new file for the counts of one process, given to it as CUDA_STUB_COUNTS, and what they are by now. */
export function cudaCounts(): { readonly path: string; read(): CudaCounts } {
  const path = join(temporaryFolder(), 'counts')
  return { path, read: () => readCudaCounts(path) }
}

/** The counts in a file that a process was given as CUDA_STUB_COUNTS; zeros before it has loaded the stub. */
export function readCudaCounts(path: string): CudaCounts {
  const header = readFileSync(join(repository, 'tools', 'devices', 'cuda-stub', 'stub.h'), 'utf8')
  const names = [...header.matchAll(/COUNTER\((\w+)\)/g)].map(([, name]) => name!)
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
  const count = (at: number) => (bytes.length > 8 * at ? Number(bytes.readBigInt64LE(8 * at)) : 0)
  return Object.fromEntries(names.map((name, at) => [name, count(at)])) as unknown as CudaCounts
}

/** The environment in the file that a variable names. */
function prepared(variable: string): Environment | null {
  const file = env[variable]
  if (!file) return null
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}
