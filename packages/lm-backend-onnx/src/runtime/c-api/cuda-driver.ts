import type * as Koffi from 'koffi'
import type { DeviceMemory } from '../engine.js'
import type { Pointer } from './ort-api.js'

/** CUDA's driver by the names that it has; there is one for all versions of CUDA's other libraries. */
const driverLibrary = process.platform === 'win32' ? 'nvcuda.dll' : 'libcuda.so.1'

/** CUdevice_attribute: the two numbers of a GPU's generation. */
const computeCapabilityMajor = 75
const computeCapabilityMinor = 76

/** Calls functions of the driver's API (cuda.h), and throws an Error with CUDA's name of it for what fails. */
class Driver {
  readonly #library: Koffi.LibraryHandle
  readonly #functions = new Map<string, (...given: unknown[]) => unknown>()

  constructor(koffi: typeof Koffi) {
    this.#library = koffi.load(driverLibrary)
    this.call('int cuInit(unsigned int)', 0)
  }

  call(declaration: string, ...given: unknown[]): void {
    const code = this.#function(declaration)(...given) as number
    if (code !== 0)
      throw new Error(`CUDA failure ${code}: ${this.#nameOf(code)} (${/\w+(?=\()/.exec(declaration)?.[0]})`)
  }

  #function(declaration: string): (...given: unknown[]) => unknown {
    const known = this.#functions.get(declaration) ?? this.#library.func(declaration)
    this.#functions.set(declaration, known)
    return known
  }

  #nameOf(code: number): string {
    const name: [string | null] = [null]
    this.#function('int cuGetErrorName(int, _Out_ const char **)')(code, name)
    return name[0] ?? 'unknown error'
  }

  /** What a function writes to its first argument. */
  number(type: string, declaration: (out: string) => string, ...given: unknown[]): number {
    const out: [number | bigint] = [0]
    this.call(declaration(`_Out_ ${type} *`), out, ...given)
    return Number(out[0])
  }

  device(deviceId: number): number {
    return this.number('int', (out) => `int cuDeviceGet(${out}, int)`, deviceId)
  }
}

/** Number of GPUs that CUDA sees; 0 where there is no driver. */
export function cudaDeviceCount(koffi: typeof Koffi): number {
  try {
    return new Driver(koffi).number('int', (out) => `int cuDeviceGetCount(${out})`)
  } catch {
    return 0
  }
}

/** What the driver says of a GPU. Throws where there is no driver, or no GPU of that number. */
export function cudaDeviceFacts(koffi: typeof Koffi, deviceId: number) {
  const driver = new Driver(koffi)
  const device = driver.device(deviceId)
  const name = Buffer.alloc(256)
  driver.call('int cuDeviceGetName(void *, int, int)', name, name.length, device)
  const attribute = (which: number) =>
    driver.number('int', (out) => `int cuDeviceGetAttribute(${out}, int, int)`, which, device)
  return {
    name: name.toString('utf8', 0, name.indexOf(0)),
    bytes: driver.number('size_t', (out) => `int cuDeviceTotalMem_v2(${out}, int)`, device),
    /** Of CUDA that the driver is made for: 13000 for 13.0. */
    version: driver.number('int', (out) => `int cuDriverGetVersion(${out})`),
    /** "9.0" for an H100. */
    capability: `${attribute(computeCapabilityMajor)}.${attribute(computeCapabilityMinor)}`,
  }
}

/**
 * A GPU's memory, by the driver: in the context that CUDA's runtime, and so onnxruntime's provider, uses too. What is copied is there when a call
 * returns; runs that write what is read must be over.
 */
export class CudaCopies {
  readonly #driver: Driver
  readonly #device: number
  readonly #context: Pointer

  /** Throws where there is no driver, or no GPU of that number. */
  constructor(koffi: typeof Koffi, deviceId: number) {
    this.#driver = new Driver(koffi)
    this.#device = this.#driver.device(deviceId)
    const context: [Pointer | null] = [null]
    this.#driver.call('int cuDevicePrimaryCtxRetain(_Out_ void **, int)', context, this.#device)
    this.#context = context[0]!
  }

  memory(): DeviceMemory {
    this.#enter()
    const [free, total] = [new BigUint64Array(1), new BigUint64Array(1)]
    this.#driver.call('int cuMemGetInfo_v2(void *, void *)', free, total)
    return { free: Number(free[0]), total: Number(total[0]) }
  }

  /** Bytes of the host to an address of the device. */
  up(to: Pointer, from: NodeJS.ArrayBufferView): void {
    this.#enter()
    this.#driver.call('int cuMemcpyHtoD_v2(uint64_t, void *, size_t)', to, from, from.byteLength)
    // the copy is still under way where it went by a buffer of the driver
    this.#driver.call('int cuStreamSynchronize(void *)', null)
  }

  /** Bytes of the device to the host. */
  down(to: NodeJS.ArrayBufferView, from: Pointer): void {
    this.#enter()
    this.#driver.call('int cuMemcpyDtoH_v2(void *, uint64_t, size_t)', to, from, to.byteLength)
  }

  close(): void {
    this.#driver.call('int cuDevicePrimaryCtxRelease_v2(int)', this.#device)
  }

  /** A thread's context may be another device's by now. */
  #enter(): void {
    this.#driver.call('int cuCtxSetCurrent(void *)', this.#context)
  }
}
