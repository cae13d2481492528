import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { InputError } from '@saeval/hub'
import { libraryFile } from './c-api/library-file.js'
import { type Hardware, processor } from './hardware.js'
import { type Probed, probe, type Thoroughness } from './probe.js'
import { deviceName, type Provider } from './protocol.js'
import { runtimeVersion } from './runtime-package.js'

/** A device that can compute here, by the name that `--device` takes. */
export interface Device {
  readonly name: string
  readonly provider: Provider
  readonly hardware: Hardware
  /** Types of numbers that its graphs may hold: float32, in which everything is computed, and those that weights may be stored in. */
  readonly precisions: readonly string[]
  /** The version of the library that computes: "onnxruntime 1.30.0". */
  readonly library: string
  /** Of a CPU that stands in for a device that is not here: that one, and why it is not. */
  readonly standsFor?: { readonly provider: Provider; readonly problem: string }
}

/** What might compute and does not, and why, with what to do about it: a clause without a capital. */
export interface MissingDevice {
  readonly name: string
  readonly problem: string
}

/** What `listDevices` has found. */
export interface DeviceList {
  readonly devices: readonly Device[]
  readonly missing: readonly MissingDevice[]
}

/** Every device that can compute on this machine, found by running a one-node graph on it, and what is in the way of the others. */
export async function listDevices(): Promise<DeviceList> {
  const devices = [cpu()]
  const missing: MissingDevice[] = []
  for (const name of otherProviders()) {
    for await (const { provider, probed } of tried(name, 'precisions')) {
      if (probed.computes) devices.push(deviceOf(provider, probed))
      else missing.push({ name: deviceName(provider), problem: probed.problem })
    }
  }
  const unused = unusedProviders[process.platform]
  if (unused !== undefined)
    missing.push({ name: unused, problem: 'onnxruntime offers it, and webgpu takes the same GPU' })
  return { devices, missing }
}

/** Tries each of a provider's devices; those of CUDA are as many as its driver sees, and one where nobody says how many. */
async function* tried(name: Exclude<Provider['name'], 'cpu'>, thoroughness: Thoroughness): AsyncGenerator<Tried> {
  let count = 1
  for (let deviceId = 0; deviceId < count; deviceId++) {
    const provider = providerOf(name, deviceId)
    const problem = cannotStart(provider)
    const probed: Probed =
      problem === null ? await probe(provider, thoroughness) : { computes: false, problem, isOfOne: false }
    // what is wrong with all of them is said once
    const isOfAll = !probed.computes && !probed.isOfOne
    if (isOfAll) count = deviceId + 1
    else count = Math.max(count, probed.gpus ?? 1)
    yield { provider, probed, isOnly: count === 1 }
  }
}

interface Tried {
  readonly provider: Provider
  readonly probed: Probed
  readonly isOnly: boolean
}

/** What the installed onnxruntime has beside the providers that are used. */
const unusedProviders: Partial<Record<NodeJS.Platform, string>> = { darwin: 'coreml', win32: 'directml' }

/** The devices that were chosen, and a line that says which and why; null where there was nothing to choose from. */
export interface ChosenDevices {
  readonly devices: readonly [Device, ...Device[]]
  readonly line: string | null
}

/**
 * The device of that name ("cuda" is "cuda:0"), or several with commas between them: CUDA's only, each once. null and "auto" are the first of CUDA,
 * WebGPU on a GPU with memory of its own or Apple's, and the CPU that computes. Throws InputError for a name that is none, and one that says why a
 * device cannot be used and what to do; with `standIn` the CPU takes the place of that one, under its name.
 */
export async function findDevices(name: string | null, standIn = false): Promise<ChosenDevices> {
  const { value } = await devicesToTry(name, standIn).next()
  if (value === undefined) throw new Error('there is always the CPU')
  return value
}

/**
 * Those of findDevices and, where none is named, those that come after: each when the one before is known not to do, and given why, as a clause
 * without a capital. The CPU is the last.
 */
export async function* devicesToTry(
  name: string | null,
  standIn = false,
): AsyncGenerator<ChosenDevices, undefined, string> {
  if (name === null || name === 'auto') return yield* chooseDevice()
  const providers = name.split(',').map((part) => readDeviceName(part.trim()))
  if (providers.length > 1) checkSeveral(providers)
  const [first, ...others] = await Promise.all(providers.map((provider) => findDevice(provider, standIn)))
  const line = first!.standsFor
    ? `device: the CPU, in the place of ${first!.name}, which is not available here: ${first!.standsFor.problem}`
    : null
  yield { devices: [first!, ...others], line }
}

/** Devices that share a run are alike, or the slower one would say when it ends, and which one computed what would show in the numbers. */
function checkSeveral(providers: readonly Provider[]): void {
  const names = providers.map(deviceName)
  const other = providers.find(({ name }) => name !== 'cuda')
  if (other !== undefined)
    throw new InputError(
      `device "${names.join()}": several devices are CUDA's (cuda:0,cuda:1); ${deviceName(other)} computes alone`,
    )
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new InputError(`device "${names.join()}" names ${twice} twice`)
}

async function findDevice(provider: Provider, standIn: boolean): Promise<Device> {
  // the CPU is always there
  if (provider.name === 'cpu') return cpu()
  const problem = cannotStart(provider)
  const probed = problem === null ? await probe(provider, 'computes') : { computes: false as const, problem }
  if (probed.computes) return deviceOf(provider, probed)
  if (standIn) return { ...cpu(), name: deviceName(provider), standsFor: { provider, problem: probed.problem } }
  throw new InputError(`device "${deviceName(provider)}" is not available: ${probed.problem}`)
}

async function* chooseDevice(): AsyncGenerator<ChosenDevices, undefined, string> {
  const why: string[] = []
  const chosen = (device: Device): ChosenDevices => {
    const { name, hardware } = device
    if (name === 'cpu' && why.length === 0) return { devices: [device], line: null }
    const what = name === 'cpu' || hardware.name === null ? name : `${name} (${hardware.name})`
    return { devices: [device], line: `device: ${[what, ...why].join('; ')}` }
  }
  for (const kind of otherProviders().filter((name) => name === 'cuda' || name === 'webgpu')) {
    const isSeen = kind === 'cuda' ? seesNvidia() || hasCudaLibrary() : seesGpu()
    // without a GPU there is nothing to wait for
    if (!isSeen) continue
    for await (const { provider, probed, isOnly } of tried(kind, 'computes')) {
      const name = isOnly ? kind : deviceName(provider)
      if (!probed.computes) why.push(`not ${name}: ${probed.problem}`)
      else if (kind === 'cuda' || isWorthIt(probed.hardware))
        why.push(`not ${name}: ${yield chosen(deviceOf(provider, probed))}`)
      else if (probed.hardware.kind === 'integrated')
        why.push(`not webgpu: ${probed.hardware.name} has no memory of its own; name webgpu to take it all the same`)
    }
  }
  yield chosen(cpu())
}

/** Whether a GPU is taken without being asked for: one with memory of its own, or Apple's. */
function isWorthIt({ kind }: Hardware): boolean {
  return kind === 'discrete' || process.platform === 'darwin'
}

/** The provider that a name stands for. Throws InputError for a name that is none. */
function readDeviceName(name: string): Provider {
  if (name === 'cpu' || name === 'webgpu') return { name }
  const [cuda, deviceId = '0'] = /^cuda(?::(\d+))?$/.exec(name) ?? []
  if (cuda !== undefined) return { name: 'cuda', deviceId: Number(deviceId) }
  throw new InputError(
    `device "${name}" is none: devices are auto, cpu, webgpu and cuda:0, or several as cuda:0,cuda:1`,
  )
}

/** The providers that a GPU may be used by, the best first. */
function otherProviders(): Exclude<Provider['name'], 'cpu'>[] {
  return process.platform === 'darwin' ? ['webgpu'] : ['cuda', 'webgpu']
}

function providerOf(name: Exclude<Provider['name'], 'cpu'>, deviceId: number): Provider {
  return name === 'cuda' ? { name, deviceId } : { name }
}

function cpu(): Device {
  const provider = { name: 'cpu' } as const
  return {
    name: 'cpu',
    provider,
    hardware: processor(),
    precisions: ['float32'],
    library: `onnxruntime ${runtimeVersion()}`,
  }
}

function deviceOf(provider: Provider, { hardware, precisions, library }: Extract<Probed, { computes: true }>): Device {
  return { name: deviceName(provider), provider, hardware, precisions, library }
}

/** What is in the way of a provider before anything is tried; null where nothing is. */
function cannotStart(provider: Provider): string | null {
  if (provider.name !== 'cuda' || hasCudaLibrary()) return null
  if (process.platform !== 'linux')
    return "onnxruntime's CUDA provider is used on Linux only; webgpu takes NVIDIA's GPUs too"
  return `onnxruntime's CUDA provider (${cudaLibrary}) is not in ${dirname(libraryFile())}: name a folder that has it in SAEVAL_ONNXRUNTIME (docs/devices.md)`
}

const cudaLibrary = 'libonnxruntime_providers_cuda.so'

/** The CUDA provider is too large for npm: users name a folder that has it. It lies beside the library. */
function hasCudaLibrary(): boolean {
  return existsSync(join(dirname(libraryFile()), cudaLibrary))
}

/** Whether NVIDIA's driver is there, on Linux and in WSL. */
function seesNvidia(): boolean {
  return ['/proc/driver/nvidia/version', '/dev/nvidiactl', '/dev/dxg'].some((path) => existsSync(path))
}

/** Whether there may be a GPU at all. */
function seesGpu(): boolean {
  if (process.platform !== 'linux') return true
  const nodes = existsSync('/dev/dri') ? readdirSync('/dev/dri') : []
  return seesNvidia() || nodes.some((name) => name.startsWith('render'))
}
