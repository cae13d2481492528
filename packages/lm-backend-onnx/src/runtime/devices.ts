import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InputError } from '@saeval/hub'
import type { Provider } from './protocol.js'
import { runtimeFolder } from './runtime-package.js'
import { noTelemetry } from './session-thread.js'

/** A device that can compute here, by the name that `--device` takes. */
export interface Device {
  readonly name: string
  readonly description: string
  readonly provider: Provider
}

const mostGpus = 16

/** Every device that can compute on this machine, found by running a one-node graph on it. */
export async function listDevices(): Promise<Device[]> {
  const devices = [cpu]
  if (hasCudaLibrary()) {
    for (let deviceId = 0; deviceId < mostGpus && (await computes({ name: 'cuda', deviceId })); deviceId++) {
      devices.push(cuda(deviceId))
    }
  }
  if (await computes({ name: 'webgpu' })) {
    devices.push({ name: 'webgpu', description: 'onnxruntime WebGPU provider', provider: { name: 'webgpu' } })
  }
  return devices
}

const cpu: Device = { name: 'cpu', description: 'onnxruntime CPU provider', provider: { name: 'cpu' } }

/**
 * The device of that name; "cuda" means "cuda:0", null the first CUDA device or else the CPU. Throws InputError that lists the devices
 * there are.
 */
export async function findDevice(name: string | null): Promise<Device> {
  if (name === null) return hasCudaLibrary() && (await computes({ name: 'cuda', deviceId: 0 })) ? cuda(0) : cpu
  const wanted = name === 'cuda' ? 'cuda:0' : name
  // the CPU is always there: do not wake the others for it
  if (wanted === 'cpu') return cpu
  const devices = await listDevices()
  const found = devices.find((device) => device.name === wanted)
  if (found) return found
  const hint =
    wanted.startsWith('cuda') && !hasCudaLibrary()
      ? ` (CUDA needs onnxruntime's CUDA provider, ${cudaLibrary} of the same version, in ${runtimeFolder()})`
      : ''
  throw new InputError(
    `device "${name}" is not available; available: ${devices.map((device) => device.name).join(', ')}${hint}`,
  )
}

function cuda(deviceId: number): Device {
  return {
    name: `cuda:${deviceId}`,
    description: 'onnxruntime CUDA provider',
    provider: { name: 'cuda', deviceId },
  }
}

const cudaLibrary = process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so'

/** The CUDA provider is too large for npm: users put it beside onnxruntime's library. */
function hasCudaLibrary(): boolean {
  return existsSync(join(runtimeFolder(), cudaLibrary))
}

/**
 * Whether a provider computes, tried in a process of its own: its libraries write what they like to standard error, which is nobody's here,
 * and a broken driver may end the process.
 */
async function computes(provider: Provider): Promise<boolean> {
  const script = fileURLToPath(new URL('./probe-process.js', import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(provider)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...noTelemetry, ...process.env },
  })
  let written = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text
  })
  return new Promise((resolve) => {
    child.on('error', () => resolve(false))
    child.on('close', () => resolve(written === '42'))
  })
}
