import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InputError } from '@saeval/hub'
import type { Provider } from './protocol.js'
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
      ? ' (CUDA needs the libraries that onnxruntime-node downloads when its install script is allowed to run)'
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

/** onnxruntime-node's npm package has the CUDA provider only after its install script has downloaded it. */
function hasCudaLibrary(): boolean {
  const home = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
  const library = process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so'
  return existsSync(join(home, 'bin', 'napi-v6', process.platform, process.arch, library))
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
